"""What answers operations: at once, from what is kept or by the steps of pipeline.py, or later, once that can be."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from functools import partial

from graphql import GraphQLSchema

from content_api.delivery.answering import Answering
from content_api.delivery.coming import Coming, Left, unless_left
from content_api.delivery.documents import Document, Documents
from content_api.delivery.lane import Lane
from content_api.delivery.later import MOST_ROUNDS, Dear, Fetch, Lacking, Later, Unread, fetch_nothing
from content_api.delivery.limits import Limits, hold_versions
from content_api.delivery.live import Live
from content_api.delivery.masks import log
from content_api.delivery.memory import Memory
from content_api.delivery.operation import Operation, Reply
from content_api.delivery.pipeline import (
    ANSWERING,
    AT_ONCE,
    CHOOSING,
    FOLLOWING,
    FOLLOWING_AT_ONCE,
    PREPARING,
    Steps,
    execute,
    hold_dear,
    hold_price,
)
from content_api.delivery.plan import Reader
from content_api.delivery.plans import Plans
from content_api.delivery.reading import read
from content_api.delivery.replies import executed, refused
from content_api.delivery.reuse import Answers, Key, key_of
from content_api.delivery.shapes import Shapes
from content_api.delivery.timed import TimedSchema
from content_api.errors import RequestError
from content_api.observe.exchange import EXECUTOR, KEPT, PLAN, SHARED, note_answered

NOTHING = Live("", None)
"""In place of what is live, for an operation that is kept: or it would keep that edition for as long."""


@dataclass(slots=True)
class Delivery:
    """Answers operations on one schema.

    `live` is called once for each operation, and must not fail. `answer` never raises: a defect of ours is logged whole
    and becomes an answer with the code INTERNAL.
    """

    schema: GraphQLSchema
    live: Callable[[], Live]
    limits: Limits = field(default_factory=Limits)
    fetch: Fetch = fetch_nothing
    reader: Reader | None = None
    """Tells how the schema's fields are read. Without it no operation has a plan."""
    memory: Memory | None = None
    """Where plans remember what they made."""
    answers: Answers = field(default_factory=partial(Answers, 0))
    """Where answers are kept. If not given, none are."""
    lane: Lane | None = None
    """Where what takes long is worked at. Without it everything is answered at once."""
    suggests: bool = True
    """Whether errors suggest names of the schema that are like those that a client has misspelt."""
    documents: Documents = field(init=False)
    plans: Plans | None = field(init=False)
    shapes: Shapes = field(init=False)
    coming: Coming = field(default_factory=Coming, init=False)

    def __post_init__(self) -> None:
        timed = TimedSchema(**self.schema.to_kwargs())
        self.documents = Documents(partial(read, schema=timed, limits=self.limits, suggests=self.suggests))
        self.plans = Plans(self.reader, self.memory) if self.reader else None
        self.shapes = Shapes(self.schema, longest=self.limits.name_characters)

    def beside(self, live: Callable[[], Live], fetch: Fetch) -> Delivery:
        """What answers from something else, and knows the same documents and plans: all of the schema alone. It keeps
        no answers."""
        other = replace(self, live=live, fetch=fetch, answers=Answers(0))
        other.documents, other.plans, other.shapes = self.documents, self.plans, self.shapes
        return other

    async def answer(self, operation: Operation, left: Left | None = None, read: Document | None = None) -> Reply:
        """Answer from memory, at once where that takes little time. What `left` raises ends it, when it has to wait;
        `read` is the document, where it has been read.

        Resolvers are pure, so asking them once more does no harm, and nobody has to know which arguments name versions.
        """
        live = self.live()
        moment, key = live.moment, key_of(operation)
        found = self._now(operation, live, key, read)
        if not isinstance(found, Later):
            return found
        reason = found.with_traceback(None)
        if refusal := self._no_room(reason, (moment, key)):
            return refused(self.begin(operation, live), refusal)
        # Here, where nothing refers to the attempt any more: errors and what they passed through are circles, and what
        # is garbage while a version is loaded is collected, but what is not yet would then be kept for ever.
        make = partial(self._answer_later, operation, reason)
        note_answered(SHARED)  # who makes it for all of them notes how
        asked = self.coming.once((moment, key), make) if key else make()
        return self._keep(moment, key, await (unless_left(left, asked) if left else asked))

    def at_once(self, operation: Operation) -> Reply | None:
        """The same, where nothing has to be waited for; else None, and nothing was executed."""
        found = self._now(operation, self.live(), key_of(operation))
        return None if isinstance(found, Later) else found

    def _now(self, operation: Operation, live: Live, key: Key | None, read: Document | None = None) -> Reply | Later:
        """The reply that is kept, or made on the spot; or what must come first."""
        if key and (kept := self.answers.get(live.moment, key)):
            note_answered(KEPT)
            return kept
        try:
            return self._keep(live.moment, key, self.attempt(self.begin(operation, live, read), self._steps()))
        except Later as later:
            return later

    def again(self, operation: Operation) -> Callable[[], Reply | None]:
        """What answers an operation that was answered, once more: from what is kept, or by its plan on what is live.

        What does not depend on what is live is done here, once. None stands for an answer that is not to be had so.
        """
        key, work = key_of(operation) if self.answers.keeps else None, self._prepared(operation)
        steps = (hold_dear, execute) if self.lane else (execute,)

        def answer() -> Reply | None:
            live = self.live()
            moment = live.moment
            if key and (kept := self.answers.get(moment, key)):
                return kept
            if work is None or not _is_priced(work, live):
                return None
            try:
                work.last = self.attempt(work.anew(live), steps)
            except Later:
                return None
            return self._keep(moment, key, work.last)

        return answer

    def _prepared(self, operation: Operation) -> Answering | None:
        """An operation before it is executed; None for one whose document is not at hand, or that costs too much by
        now."""
        if operation.document not in self.documents:
            return None
        work = self.begin(operation)
        try:
            for step in (*CHOOSING, *PREPARING):
                step(work)
        except RequestError:
            return None
        work.live = NOTHING
        return work

    def begin(self, operation: Operation, live: Live | None = None, read: Document | None = None) -> Answering:
        """An operation before its first step, on what is live; `read` is its document, where it has been read."""
        live = live or self.live()
        return Answering(operation, live, self.schema, self.limits, self.documents, self.plans, read, self.suggests)

    def attempt(self, work: Answering, steps: Steps = ANSWERING) -> Reply:
        """The reply. Raises Later, and nothing else, where something must come first."""
        if steps in (ANSWERING, AT_ONCE) and (reply := self._by_shape(work, steps is AT_ONCE)):
            return reply
        try:
            for step in steps:
                step(work)
            note_answered(PLAN if work.planned else EXECUTOR)
            return executed(work)
        except Later as later:
            later.read = work.read
            raise
        except Exception as error:  # noqa: BLE001 - the last place where a defect can be kept from a client
            return refused(work, error)

    def _by_shape(self, work: Answering, at_once: bool) -> Reply | None:
        """What the plan of others like it gives to a text that nobody has read; None where there is more to say.

        An error would have the words of others here. But what took too long is not begun again. What is `at_once` has
        no shape made, which takes reading a text, and raises Dear where it would take long.
        """
        text = work.operation.document
        if self.plans is None or len(text) > self.limits.characters or work.read or text in self.documents:
            return None
        like = None
        try:
            if shaped := self.shapes.find(work.operation, None if at_once else work.recalled):
                like = self.begin(shaped.operation, work.live)
                like.document, like.names = shaped.document, shaped.names
                for step in FOLLOWING_AT_ONCE if at_once else FOLLOWING:
                    step(like)
                reply, work.planned = executed(like), True
                self.shapes.answered(text)
                note_answered(PLAN)
                return reply
        except Dear:
            raise
        except Exception as reason:  # noqa: BLE001 - as below
            if like and isinstance(reason, RequestError) and reason.code == "TOOK_TOO_LONG":
                return refused(like, reason)
            log.debug("a shape was left", reason=repr(reason))
        return None

    def _keep(self, moment: Hashable, key: Key | None, reply: Reply) -> Reply:
        if key and reply.reusable:
            self.answers.keep(moment, key, reply)
        return reply

    async def _answer_later(self, operation: Operation, reason: Later) -> Reply:
        """See to what keeps an operation from being answered at once, and to what then does.

        It is answered from what is live when its turn comes. What it waits to be loaded is held until the end.
        """
        versions: set[str] = set()
        live, in_lane = None, False
        try:
            async with AsyncExitStack() as held:
                for _ in range(MOST_ROUNDS):
                    has_waited, in_lane = in_lane, in_lane or isinstance(reason, (Unread, Dear))
                    if isinstance(reason, Lacking):
                        versions.update(*(each.versions for each in reason.wanted))
                        hold_versions(self.limits, versions)
                        live = self.live()
                        await held.enter_async_context(self.fetch(reason.wanted))
                    attempt = partial(self._attempt_on, operation, live, reason.read, self._steps(in_lane))
                    try:
                        done = self.lane.do(attempt, has_waited=has_waited) if self.lane and in_lane else None
                        return await done if done else attempt()
                    except Later as later:
                        reason = later.with_traceback(None)
            found = f"What is asked for was replaced {MOST_ROUNDS} times while it was loaded; {MOST_ROUNDS} are tried."
            raise RequestError("OVERLOADED", found, "Ask again in a moment.")
        except Exception as error:  # noqa: BLE001 - as above
            work = self.begin(operation, live)
            work.cost = reason.cost
            return refused(work, error)

    def _steps(self, in_lane: bool = False) -> Steps:
        return AT_ONCE if self.lane and not in_lane else ANSWERING

    async def read(self, operation: Operation) -> Document:
        """Have a text read, in the lane if there is one, once for all who send it meanwhile."""
        text = operation.document
        reading = partial(self.documents.get, text)
        return await self.coming.once(text, partial(self.lane.do, reading)) if self.lane else reading()

    def _no_room(self, reason: Later, asked: Hashable) -> RequestError | None:
        """Why what must be worked at in the lane cannot be, before anything is made to wait for it."""
        if self.lane is None or isinstance(reason, Lacking) or asked in self.coming:
            return None
        return self.lane.refusal()

    def _attempt_on(self, operation: Operation, live: Live | None, read: Document | None, steps: Steps) -> Reply:
        """The reply, if only for who asked: what was published over while it was made is no answer for others."""
        work = self.begin(operation, live, read)
        reply = self.attempt(work, steps)
        return reply if self.live().itself is work.live.itself else replace(reply, reusable=False)


def _is_priced(work: Answering, live: Live) -> bool:
    """Whether a prepared operation has its price among what is live, and may cost that. It is priced anew where there
    are so many entities more, or fewer."""
    if work.thousands == live.thousands:
        return True
    again = work.anew(live)
    try:
        hold_price(again)
    except RequestError:
        return False
    work.cost, work.looking, work.thousands = again.cost, again.looking, again.thousands
    return True
