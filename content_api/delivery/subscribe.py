"""From an Operation to a stream of Replies, through the same steps as one that is answered once."""

from __future__ import annotations

from asyncio import Semaphore
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, cast

from graphql import ExecutionResult, OperationType
from graphql.execution import create_source_event_stream

from content_api.delivery.answering import Answering
from content_api.delivery.delivery import Delivery
from content_api.delivery.documents import Document
from content_api.delivery.later import Dear, Unread
from content_api.delivery.masks import Refused, show_execution_error
from content_api.delivery.operation import Operation, Reply
from content_api.delivery.pipeline import CHOOSING, CHOOSING_AT_ONCE, PREPARING, Steps, execute, hold_dear
from content_api.delivery.replies import executed, refused

Replies = AsyncGenerator[Reply, None]
Events = AsyncGenerator[Any, None]

# Events of dear subscriptions that are in the lane at a time, beside the 64 operations that may wait there: where it is
# full, a ninth of its work is theirs. To tell ten thousand such listeners takes minutes, and nobody who asks waits.
MOST_EVENTS = 8


@dataclass(slots=True)
class Subscriptions:
    """Answers what comes over a transport that can carry many answers to one operation.

    `root` is what the resolvers of subscriptions are given. It belongs to no version.
    """

    delivery: Delivery
    root: Any
    places: Semaphore = field(default_factory=partial(Semaphore, MOST_EVENTS))
    """For events in the lane; whoever gets none waits outside of it, and is told later."""
    answer: Callable[[Operation, Document | None], Awaitable[Reply]] | None = None
    """Answers what is no subscription, where the delivery cannot; it never raises either."""

    def subscribe(self, operation: Operation, read: Document | None = None) -> Replies:
        """The replies to an operation: one, or for a subscription each as it comes, until the iterator is closed.

        A subscription listens from this call on, not from the first reply that is asked for; one whose text has to be
        read first, from when it is `read`. Never raises.
        """
        work = self.delivery.begin(operation, read=read)
        try:
            _take(CHOOSING_AT_ONCE if self.delivery.lane else CHOOSING, work)
            if work.chosen.operation is not OperationType.SUBSCRIPTION:
                return self._answer(operation, read)
            work.live = replace(work.live, root=self.root)
            _take(PREPARING, work)
            return self._tell(operation, events(work))
        except Unread:
            return self._read_first(operation)
        except Exception as error:  # noqa: BLE001 - as in Delivery.answer
            return once(refused(work, error))

    async def _read_first(self, operation: Operation) -> Replies:
        try:
            read = await self.delivery.read(operation)
        except Exception as error:  # noqa: BLE001 - as in Delivery.answer
            yield refused(self.delivery.begin(operation), error)
            return
        async with aclosing(self.subscribe(operation, read)) as replies:
            async for reply in replies:
                yield reply

    async def _answer(self, operation: Operation, read: Document | None) -> Replies:
        yield await (self.answer(operation, read) if self.answer else self.delivery.answer(operation, read=read))

    async def _tell(self, operation: Operation, events: Events) -> Replies:
        """While nothing happens this holds the operation and nothing else: there are thousands of them."""
        try:
            async with aclosing(events):
                async for event in events:
                    yield await self._reply(operation, event)
        except Exception as error:  # noqa: BLE001 - as in Delivery.answer
            yield refused(self.delivery.begin(operation), error)

    async def _reply(self, operation: Operation, event: Any) -> Reply:
        """The reply for one event, in the lane where it takes long. It is never refused: whoever listens has been told
        that it will hear."""
        lane = self.delivery.lane
        try:
            return self._told(operation, event, TELLING_AT_ONCE if lane else TELLING)
        except (Unread, Dear):
            assert lane
        async with self.places:
            return await lane.do(partial(self._told, operation, event, TELLING), bounded=False)

    def _told(self, operation: Operation, event: Any, steps: Steps) -> Reply:
        """The reply for an event, on which the operation is executed as a query is on its root."""
        work = self.delivery.begin(operation)
        work.live = replace(work.live, root=event)
        try:
            _take(steps, work)
            return executed(work)
        except (Unread, Dear):
            raise
        except Exception as error:  # noqa: BLE001 - as in Delivery.answer
            return refused(work, error)


TELLING: Steps = (*CHOOSING, *PREPARING, execute)
TELLING_AT_ONCE: Steps = (*CHOOSING_AT_ONCE, *PREPARING, hold_dear, execute)


def events(work: Answering) -> Events:
    """What the subscription's resolver hears. Raises Refused, with its errors, when it refuses to listen."""
    source = create_source_event_stream(work.executor())
    if isinstance(source, ExecutionResult):
        name = work.operation.stored
        raise Refused(show_execution_error(error, name) for error in source.errors or ())
    return cast(Events, source)


def _take(steps: Steps, work: Answering) -> None:
    for step in steps:
        step(work)


async def once(reply: Reply) -> Replies:
    """One reply and no more."""
    yield reply
