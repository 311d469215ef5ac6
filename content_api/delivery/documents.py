"""What is known of a document before anybody gives it variables, remembered by its text.

Parsing and validating take 85% of the time of a small query, and clients send few documents many times. What was found
wrong is remembered as well: a client that repeats a mistake should not cost more than one that does not.

A text is remembered when it comes a second time. Until then there is nothing but a count: most of those that came once
never come again, and a document is thousands of objects, at each of which the garbage collector looks.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import DocumentNode, FragmentDefinitionNode, OperationDefinitionNode

from content_api.delivery.masks import ShownError
from content_api.delivery.prices import Prices
from content_api.delivery.sights import Sights


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A document that was read. One with `errors` is never executed; one that could not be parsed is empty.

    It equals itself alone, so that what is known of it can be found by it.
    """

    ast: DocumentNode
    operations: tuple[OperationDefinitionNode, ...] = ()
    fragments: Mapping[str, FragmentDefinitionNode] = field(default_factory=dict)
    errors: tuple[ShownError, ...] = ()
    prices: Prices = field(default_factory=Prices)
    sighted: dict[Any, Any] = field(default_factory=dict)
    """How often its operations were seen: delivery/plans.py. It is forgotten with the document."""
    words: frozenset[str] = frozenset()
    """Those of its words that say how long an answer may be good: delivery/present.py."""


Read = Callable[[str], Document]

# The texts that came once, the latest of them. Only their hashes are held, of 150 bytes.
MOST_SEEN = 5_000


class Documents:
    """The documents that were asked for twice, the most recent of them, bounded by number and by characters.

    Both bounds hold after every call; what is kept for ever is beside them. It is used from one thread, that of the
    event loop, and has no lock.
    """

    def __init__(self, read: Read, number: int = 1_000, characters: int = 500_000) -> None:
        # A character takes 70 to 115 bytes once parsed, so this is 50 MB or so at the very most. Real clients send a
        # few hundred documents of 1,000 characters.
        self._read = read
        self._number = number
        self._characters = characters
        self._held = 0
        self._documents: OrderedDict[str, Document] = OrderedDict()
        self._kept: dict[str, Document] = {}
        self._sights = Sights(MOST_SEEN, 2)

    def __len__(self) -> int:
        return len(self._documents)

    @property
    def characters(self) -> int:
        return self._held

    def get(self, text: str) -> Document:
        """The document of this text, read now if it is not remembered."""
        if kept := self._kept.get(text):
            return kept
        known = self._documents.get(text)
        if known is not None:
            self._documents.move_to_end(text)
            return known
        document = self._read(text)
        if text in self:
            return self.get(text)  # read for somebody else, while this paused
        return self._remember(text, document) if self._sights.enough(text) else document

    def __contains__(self, text: str) -> bool:
        return text in self._documents or text in self._kept

    def keep(self, text: str) -> None:
        """Read a text now, and keep it whatever strangers ask. It is for those that an operator chose."""
        self._kept[text] = self._read(text)

    def _remember(self, text: str, document: Document) -> Document:
        self._documents[text] = document
        self._held += len(text)
        while len(self._documents) > self._number or self._held > self._characters:
            forgotten, _ = self._documents.popitem(last=False)
            self._held -= len(forgotten)
        return document
