"""What answers operations: the schema of graph/ and the steps of delivery/, wired to what publish/ has live."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import structlog
from graphql import GraphQLSchema

from content_api.content.edition import Edition
from content_api.content.fields import timestamp
from content_api.content.noted import note_again, noting, weight_of
from content_api.content.recalled import described
from content_api.content.tags import TODAY
from content_api.delivery.delivery import Delivery
from content_api.delivery.lane import Lane
from content_api.delivery.later import fetch_nothing
from content_api.delivery.limits import Limits
from content_api.delivery.live import LISTENING, Live
from content_api.delivery.memory import Memory
from content_api.delivery.persisted import Persisted
from content_api.delivery.price import beyond
from content_api.delivery.reuse import Answers
from content_api.delivery.stored import SHIPPED, Stored, read_stored
from content_api.delivery.trial import examined
from content_api.delivery.warming import warm
from content_api.graph.query import root
from content_api.graph.reader import Reader
from content_api.graph.schema import build_schema
from content_api.graph.subscription import Subscription
from content_api.publish.announcements import Announcements
from content_api.publish.archive import VersionArchive
from content_api.publish.current import Current
from content_api.settings import Settings
from content_api.store.history import FileChange
from content_api.store.snapshot import Version
from content_api.web.load import Load

log = structlog.get_logger("content_api")


@cache
def schema() -> GraphQLSchema:
    """The schema: one for the process, whatever is served. To build it takes longer than to read the content."""
    return build_schema()


def delivery(
    current: Current,
    archive: VersionArchive | None,
    answers: Answers | None = None,
    limits: Limits | None = None,
    lane: Lane | None = None,
    *,
    plans: bool = True,
    suggests: bool = True,
) -> Delivery:
    """What answers operations from what is current and, where there is an archive, from any other version.

    Without `answers` to keep them in, each is made anew; without a `lane`, at once; without `plans`, none is compiled;
    without `suggests`, errors name nothing of the schema.
    """
    return Delivery(
        schema(),
        live_in(current),
        limits or Limits(),
        fetch=archive.holding if archive else fetch_nothing,
        reader=Reader(schema()) if plans else None,
        memory=Memory(noting, note_again, weigh=weight_of),
        answers=Answers(0) if answers is None else answers,  # one that is empty is false
        lane=lane,
        suggests=suggests,
    )


def stored_documents(settings: Settings) -> list[Stored]:
    """The stored documents of the settings. Raises SettingError where their folder cannot be read."""
    return read_stored(settings.operations or SHIPPED)


def persisted(settings: Settings, answers: Delivery, load: Load) -> Persisted:
    """The documents that an id can stand for; those that are stored are read, and kept, before somebody asks.

    One that cannot be answered is a warning: it keeps its own clients waiting for a remedy, and nobody else.
    """
    stored = stored_documents(settings)
    for one in stored:
        answers.documents.keep(one.text)
        for trouble in examined(answers, one).troubles:
            log.warning("a stored document cannot be answered", place=f"{one.path}:{trouble.line}", why=trouble.message)
    longest = answers.limits.characters
    return Persisted(stored, longest=longest, trusted_only=settings.trusted_only, place=load)


def subscription(announcements: Announcements, archive: VersionArchive | None) -> Subscription:
    """What listeners are told from."""

    def files_of(commit: str) -> Sequence[FileChange] | None:
        logged = archive.logged(commit) if archive else None
        return logged.files if logged else None

    return Subscription(listen=announcements.listen, files_of=files_of)


def live_in(current: Current) -> Callable[[], Live]:
    """What an operation is answered from: the edition that is live as it begins, made ready once per edition."""

    return lambda: live_from(current.edition)


def live_from(edition: Edition) -> Live:
    """What an operation is answered from while an edition is live: the same each time."""
    found: Live | None = edition.memo.get(Live)
    if found is None:
        found = edition.memo[Live] = live_of(edition)
    return found


def live_of(edition: Edition, drafts: bool = False, listening: str = LISTENING) -> Live:
    """What an operation on an edition is answered from."""
    return Live(
        edition.version.id,
        root(edition, drafts),
        about=about(edition),
        noting=noting,
        noted=lambda noted: {"recalled": described(noted.recalled, edition)} if noted.recalled else {},
        made_from=lambda noted: noted.tags,
        passing=lambda: (edition.archive.moves, edition.clock()),
        thousands=beyond(len(edition.library.records)),
        listening=listening,
    )


def about(edition: Edition) -> Callable[[str], dict[str, Any]]:
    """What `extensions.content` says of a version that an answer came from: this edition's, or one beside it."""

    def tell(commit: str) -> dict[str, Any]:
        version = edition.version if commit == edition.version.id else edition.archive.edition(commit).version
        return told_of(edition.archive.tagged(version))

    return tell


def told_of(version: Version) -> dict[str, Any]:
    """What `extensions.content` says of a version."""
    published = timestamp(version.committed_at) if version.committed_at else None
    return {"version": version.id, "tag": version.tags[-1] if version.tags else None, "publishedAt": published}


def warming(answers: Delivery) -> Callable[[Edition], None]:
    """What makes an edition ready for what is asked now. Call it on the event loop, and what it gives beside that."""
    asked = answers.plans.recent() if answers.plans else []
    return lambda edition: log.debug("made ready", answers=warm(live_from(edition), asked), version=edition.version.id)


@contextmanager
def carrying(answers: Delivery, outdated: Collection[str]) -> Iterator[None]:
    """A block in which another version goes live, after which the answers that are not outdated by it are good still.

    What depends on the day is left behind: the day may be another at the end. Where there are so many entities more, or
    fewer, that costs are others, all answers are left, since they say what they cost.
    """
    live = answers.live()
    before, thousands = live.moment, live.thousands
    del live  # or this would keep the edition for as long
    yield
    live = answers.live()
    if live.thousands == thousands:
        answers.answers.carry(before, live.moment, live.version, frozenset((*outdated, TODAY)))
