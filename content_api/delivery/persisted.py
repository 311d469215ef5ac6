"""Which document a client means that sends an id: one that is stored here, or one that a client has sent before."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

from content_api.content.suggest import suggestion
from content_api.delivery.coming import Left
from content_api.delivery.delivery import Delivery
from content_api.delivery.operation import Operation, Reply
from content_api.delivery.replies import refused
from content_api.delivery.stored import HASHED, Stored, id_of
from content_api.delivery.subscribe import Replies, Subscriptions, once
from content_api.errors import ERROR_CODES, RequestError
from content_api.observe.exchange import note_operation

# Under this name all documents are counted that are not stored. It is no name of GraphQL, so that none can have it.
OTHERS = "(not stored)"

# A text takes a hundredth of what it takes parsed, so that ten times as many are kept as in Documents.
MOST_AUTOMATIC = 10_000
AUTOMATIC_BYTES = 5_000_000


class Automatic:
    """The texts that clients sent with their ids, the most recent ones, bounded by number and by bytes.

    They are Apollo's automatic persisted queries. One that is forgotten costs its client one more request.
    """

    def __init__(self, number: int = MOST_AUTOMATIC, size: int = AUTOMATIC_BYTES) -> None:
        self._number = number
        self._size = size
        self._held = 0
        self._texts: OrderedDict[str, str] = OrderedDict()

    def __len__(self) -> int:
        return len(self._texts)

    @property
    def size(self) -> int:
        """Bytes of all texts, in UTF-8."""
        return self._held

    def get(self, identifier: str) -> str | None:
        text = self._texts.get(identifier)
        if text is not None:
            self._texts.move_to_end(identifier)
        return text

    def remember(self, identifier: str, text: str) -> None:
        """Keep a text under its id, which the caller has compared."""
        if self.get(identifier) is not None:
            return
        self._texts[identifier] = text
        self._held += len(text.encode())
        while len(self._texts) > self._number or self._held > self._size:
            _, forgotten = self._texts.popitem(last=False)
            self._held -= len(forgotten.encode())


class Persisted:
    """Finds the document of an operation, and answers it by a Delivery.

    `trusted_only` is for a server that executes what is stored and nothing else. Of all operations it is counted which
    stored document they were, in `counted`, and of those that were not executed why, by code, in `refused`.
    `place` is entered around each answer, and raises RequestError when there is no room for another.
    """

    def __init__(
        self,
        stored: Iterable[Stored] = (),
        automatic: Automatic | None = None,
        *,
        longest: int,
        trusted_only: bool = False,
        place: AbstractContextManager[None] | None = None,
    ) -> None:
        self._stored = {key: one for one in stored for key in (one.id, one.name)}
        self._names = {one.text: one.name for one in self._stored.values()}
        self._automatic = Automatic() if automatic is None else automatic
        self._longest = longest
        self._trusted_only = trusted_only
        self._place = nullcontext() if place is None else place
        self.refused: Counter[str] = Counter(dict.fromkeys(ERROR_CODES, 0))
        self.counted: Counter[str] = Counter(dict.fromkeys((*self._names.values(), OTHERS), 0))

    def find(self, operation: Operation) -> Operation:
        """The same operation, with its text, and counted. Raises RequestError where there is none that is trusted."""
        found = self.named(operation)
        self.counted[found.stored or OTHERS] += 1
        note_operation(found.stored or OTHERS, None if found.stored else found.document)
        return found

    def named(self, operation: Operation) -> Operation:
        """The same, before it is counted."""
        text = self._text(operation)
        name = self._names.get(text)
        if self._trusted_only and name is None:
            raise self._untrusted()
        known = name is None and text is operation.document
        return operation if known else replace(operation, document=text, stored=name)

    def answering(self, delivery: Delivery) -> Callable[[Operation, Left | None], Awaitable[Reply]]:
        """What answers an operation once, as Delivery.answer does."""

        async def answer(operation: Operation, left: Left | None = None) -> Reply:
            try:
                with self._place:
                    return self._counting(await delivery.answer(self.find(operation), left))
            except RequestError as error:
                return self._counting(refused(delivery.begin(operation), error))

        return answer

    def answering_at_once(self, delivery: Delivery) -> Callable[[Callable[[], Operation]], Reply | None]:
        """What reads an operation and answers it, if that can be done at once. Else nothing was executed or counted;
        where there is no room, nothing was read."""

        def answer(read: Callable[[], Operation]) -> Reply | None:
            try:
                with self._place:
                    found = self.named(read())
                    note_operation(found.stored or OTHERS, None if found.stored else found.document)
                    reply = delivery.at_once(found)
            except RequestError:  # it is told on the other road
                return None
            if reply is None:
                return None
            self.counted[found.stored or OTHERS] += 1
            return self._counting(reply)

        return answer

    def answering_again(self, delivery: Delivery) -> Callable[[Operation], Callable[[], Reply | None]]:
        """What answers an operation once more that was answered: at once, or not at all."""

        def of(operation: Operation) -> Callable[[], Reply | None]:
            found = self.named(operation)
            again = delivery.again(found)

            def answer() -> Reply | None:
                try:
                    with self._place:
                        self._text(operation)
                        reply = again()
                except RequestError:  # there is no room now, or the text of an id was forgotten
                    return None
                if reply:
                    self.counted[found.stored or OTHERS] += 1
                return reply

            return answer

        return of

    def subscribing(self, subscriptions: Subscriptions) -> Callable[[Operation], Replies]:
        """What answers an operation as often as there is an answer."""

        def subscribe(operation: Operation) -> Replies:
            try:
                with self._place:
                    return subscriptions.subscribe(self.find(operation))
            except RequestError as error:
                return once(self._counting(refused(subscriptions.delivery.begin(operation), error)))

        return subscribe

    def _counting(self, reply: Reply) -> Reply:
        if not reply.executed:
            self.refused[reply.codes[0]] += 1
        return reply

    def _text(self, operation: Operation) -> str:
        identifier, text = operation.document_id, operation.document
        if identifier is None:
            return text
        if text:
            return self._registered(identifier, text)
        if stored := self._stored.get(identifier):
            return stored.text
        if self._trusted_only:
            raise self._untrusted()
        found = self._automatic.get(identifier)
        if found is None:
            raise self._unknown(identifier)
        return found

    def _registered(self, identifier: str, text: str) -> str:
        """A text that came with its id: the next time, the id will do."""
        if (actual := id_of(text)) != identifier:
            raise RequestError(
                "PERSISTED_QUERY_HASH_MISMATCH",
                f"The id of the document is `{actual}`; it was sent with `{identifier}`.",
                "Hash the text exactly as it is sent, in UTF-8, or send it without an id.",
            )
        if not self._trusted_only and identifier not in self._stored and len(text) <= self._longest:
            self._automatic.remember(identifier, text)
        return text

    def _unknown(self, identifier: str) -> RequestError:
        # Clients compare this message, and urql nothing else, to know that they must send the text.
        message = "PersistedQueryNotFound"
        if identifier.startswith(HASHED):
            return RequestError("PERSISTED_QUERY_NOT_FOUND", message, "Send the text together with its id once.")
        near = suggestion(identifier, self._names.values())
        return RequestError("PERSISTED_QUERY_NOT_FOUND", message, near or f"No document `{identifier}` is stored here.")

    def _untrusted(self) -> RequestError:
        return RequestError(
            "DOCUMENT_NOT_TRUSTED",
            "This server answers stored documents only, and this is none of them.",
            "Send the name or the id of a stored document as `documentId`; who runs the server can add yours.",
        )
