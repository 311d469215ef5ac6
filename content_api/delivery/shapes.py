"""Which shapes are known: those of outlines that come again, within a bound.

A client that writes its documents anew for each request, with the slug and names of its own in the text, sends a text
that nobody has seen before. To read it takes a hundred times as long as to answer it. But it has the shape of others.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import NamedTuple

from graphql import GraphQLSchema

from content_api.delivery.documents import Document
from content_api.delivery.lifted import Lifted, lift
from content_api.delivery.masks import log
from content_api.delivery.operation import Operation
from content_api.delivery.plans import SIGHTS
from content_api.delivery.shape import Form, Shape, Shapeless, form_of, shape_of
from content_api.delivery.sights import Sights

# A client that builds its documents has some dozens of pages. Of each shape a document is held, as in Documents, where
# a character takes 70 to 115 bytes: that is 25 MB at the very most.
NUMBER = 300
CHARACTERS = 200_000
# Outlines that were seen once or twice. Only their hashes are held, of 150 bytes.
MOST_SEEN = 5_000
# A text that comes as often as this among so many others deserves to be read: its own plan is faster than that of its
# shape. If more were counted, texts would be read that Documents has no room for, again and again.
LATEST = 100


Read = Callable[[], Document]
"""Reads the text that is asked, once for all who want it."""


class Shaped(NamedTuple):
    """An operation in the names of its shape, the document for it, and the names that its text has."""

    operation: Operation
    document: Document
    names: tuple[str, ...]


class Shapes:
    """The shapes asked for most recently. Used from one thread, as Documents is."""

    def __init__(
        self,
        schema: GraphQLSchema,
        *,
        number: int = NUMBER,
        most: int = CHARACTERS,
        sights: int = SIGHTS,
        longest: int = sys.maxsize,
    ) -> None:
        """A text with a name of more than the `longest` characters is for reading, which refuses it."""
        self._schema = schema
        self._longest = longest
        self._number = number
        self._most = most
        self._held = 0
        self._known: OrderedDict[Hashable, tuple[Form | Shape | None, int]] = OrderedDict()
        """An outline -> its form, and with a variation -> their shape; None where there can be none."""
        self._sights = Sights(MOST_SEEN, sights)
        self._texts = Sights(LATEST, SIGHTS)

    def __len__(self) -> int:
        return len(self._known)

    @property
    def characters(self) -> int:
        return self._held

    def find(self, asked: Operation, read: Read | None = None) -> Shaped | None:
        """The operation in the names of its shape; None where it has none, or has to be read for another reason.

        A shape is only made where there is `read` to read the text. Several may ask about one request before it is
        answered, so that nothing is counted here of the text.
        """
        lifted = lift(asked.document)
        if lifted is None or len(max(lifted.names, key=len, default="")) > self._longest:
            return None
        shape = self._shape(asked.document, lifted, read)
        if shape is None or self._texts.would_be_enough(asked.document):
            return None
        operation = shape.operation(asked, lifted)
        return Shaped(operation, shape.document, lifted.names) if operation else None

    def answered(self, text: str) -> None:
        """Count a text that was answered by its shape: one that comes often is worth reading."""
        self._texts.enough(text)

    def _shape(self, text: str, lifted: Lifted, read: Read | None) -> Shape | None:
        """The shape, made now if texts like this have been seen often enough."""
        outline = lifted.outline
        first = self._comes_again(outline, read)
        form = self._get(outline, first, text, lambda document: form_of(self._schema, document, lifted))
        if not isinstance(form, Form):
            return None
        key = outline, form.variation(lifted)
        wanted = first or self._comes_again(key, read)
        shape = self._get(key, wanted, text, lambda document: shape_of(self._schema, document, lifted, form))
        return shape if isinstance(shape, Shape) else None

    def _comes_again(self, key: Hashable, read: Read | None) -> Read | None:
        """What reads the text, if there is something to be made that has been seen often enough."""
        return read if read and key not in self._known and self._sights.enough(key) else None

    def _get(
        self, key: Hashable, read: Read | None, text: str, make: Callable[[Document], Form | Shape]
    ) -> Form | Shape | None:
        """What is known by a key; made first where there is `read`. An invalid document tells nothing of others."""
        if key in self._known:
            self._known.move_to_end(key)
            return self._known[key][0]
        document = read() if read else None
        if document is None or document.errors:
            return None
        made = None
        try:
            made = make(document)
        except Shapeless as reason:
            log.debug("a document has no shape", reason=str(reason))
        self._hold(key, made, len(text))
        return made

    def _hold(self, key: Hashable, made: Form | Shape | None, size: int) -> None:
        self._known[key] = made, size
        self._held += size
        while len(self._known) > self._number or self._held > self._most:
            _, (_, freed) = self._known.popitem(last=False)
            self._held -= freed
