"""What was read is let go of by its reference count: the garbage collector has next to nothing to look at."""

from __future__ import annotations

import gc
import weakref

import pytest
from graphql import Node

from content_api.delivery.limits import Limits
from content_api.delivery.reading import read
from content_api.delivery.timed import TimedSchema
from tests.delivery.small import schema

FRAGMENTS = "{ thing { ...A ...B } } fragment A on Thing { name # a comment\n } fragment B on Thing { same { ...A } }"


@pytest.mark.parametrize("text", ["{ name }", FRAGMENTS, "{ nope }"])
def test_a_document_goes_when_nobody_refers_to_it_any_more(text: str):
    document = read(text, TimedSchema(**schema().to_kwargs()), Limits())
    parts: list[Node] = [document.ast, *document.operations, *(one.selection_set for one in document.operations)]
    left = [weakref.ref(part) for part in parts]
    gc.disable()
    try:
        del document, parts
        assert [one() for one in left] == [None] * len(left)
    finally:
        gc.enable()
