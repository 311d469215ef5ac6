"""Which shapes are known: those of outlines that come again, within a bound.

A client that writes its documents anew for each request, with the slug and names of its own in the text, sends a text
that nobody has seen before. To read it takes a hundred times as long as to answer it. But it has the shape of others.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import NamedTuple

from graphql import GraphQLSchema

from content_api.delivery.documents import Document, Read
from content_api.delivery.lifted import Lifted, lift
from content_api.delivery.masks import log
from content_api.delivery.operation import Operation
from content_api.delivery.plans import SIGHTS
from content_api.delivery.shape import Form, Shape, Shapeless, form_of, shape_of

# A client that builds its documents has some dozens of pages. Of each shape a document is held, as in Documents, where
# a character takes 70 to 115 bytes: that is 25 MB at the very most.
NUMBER = 300
CHARACTERS = 200_000
# Outlines that were seen once or twice. Only their hashes are held, of 150 bytes.
MOST_SEEN = 5_000
# A text that comes as often as this among so many others deserves to be read: its own plan is faster than that of its
# shape. If more were counted, texts would be read that Documents has no room for, again and again.
LATEST = 100


class Shaped(NamedTuple):
    """An operation in the names of its shape, the document for it, and the names that its text has."""

    operation: Operation
    document: Document
    names: tuple[str, ...]


class Sights:
    """How often things were seen, the most recent ones. Two that have one hash are taken for one."""

    def __init__(self, number: int, least: int) -> None:
        self._number = number
        self._least = least
        self._counts: OrderedDict[int, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._counts)

    def enough(self, what: Hashable) -> bool:
        """Count a sight, and begin anew once there have been enough."""
        key = hash(what)
        count = self._counts.pop(key, 0) + 1
        if count >= self._least:
            return True
        self._counts[key] = count
        if len(self._counts) > self._number:
            self._counts.popitem(last=False)
        return False


class Shapes:
    """The shapes asked for most recently. Used from one thread, as Documents is."""

    def __init__(
        self, schema: GraphQLSchema, read: Read, *, number: int = NUMBER, most: int = CHARACTERS, sights: int = SIGHTS
    ) -> None:
        self._schema = schema
        self._read = read
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

    def find(self, asked: Operation, make: bool = True) -> Shaped | None:
        """The operation in the names of its shape; None where it has none, or has to be read for another reason.

        A shape is only made where `make` says so: that takes reading the text.
        """
        lifted = lift(asked.document)
        shape = self._shape(asked.document, lifted, make) if lifted else None
        if lifted is None or shape is None or self._texts.enough(asked.document):
            return None
        operation = shape.operation(asked, lifted)
        return Shaped(operation, shape.document, lifted.names) if operation else None

    def _shape(self, text: str, lifted: Lifted, make: bool) -> Shape | None:
        """The shape, made now if texts like this have been seen often enough."""
        outline = lifted.outline
        first = make and outline not in self._known and self._sights.enough(outline)
        form = self._get(outline, first, text, lambda document: form_of(self._schema, document, lifted))
        if not isinstance(form, Form):
            return None
        key = outline, form.variation(lifted)
        wanted = first or (make and key not in self._known and self._sights.enough(key))
        shape = self._get(key, wanted, text, lambda document: shape_of(self._schema, document, lifted, form))
        return shape if isinstance(shape, Shape) else None

    def _get(
        self, key: Hashable, wanted: bool, text: str, make: Callable[[Document], Form | Shape]
    ) -> Form | Shape | None:
        """What is known by a key; made first if it is `wanted`. An invalid document tells nothing of others."""
        if key in self._known:
            self._known.move_to_end(key)
            return self._known[key][0]
        document = self._read(text) if wanted else None
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
