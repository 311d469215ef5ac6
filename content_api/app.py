"""The wiring: store -> content -> publish -> schema -> delivery -> web, as calls that one reads from top to bottom."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import structlog
from graphql import GraphQLSchema
from starlette.applications import Starlette

from content_api.content.edition import Edition
from content_api.content.problems import ContentRefused
from content_api.content.report import report
from content_api.delivery.pipeline import Delivery, Live, fetch_nothing
from content_api.errors import ContentApiError, ContentError, SettingError
from content_api.graph.query import root
from content_api.graph.schema import build_schema, sdl
from content_api.observe.logs import configure
from content_api.publish.archive import VersionArchive
from content_api.publish.beginning import Beginning, begin, just
from content_api.publish.branch import Branch
from content_api.publish.current import Current, Trouble
from content_api.publish.files import follow_files
from content_api.publish.making import make_edition
from content_api.publish.place import folder_of
from content_api.publish.previews import Previews
from content_api.publish.publisher import Publisher
from content_api.settings import Settings, read_settings, unknown_variables, variable
from content_api.store import Opened, open_content
from content_api.store.git import GitSnapshot
from content_api.store.snapshot import Version
from content_api.web.application import build
from content_api.web.graphql import Answer
from content_api.web.health import Status
from content_api.web.previews import PreviewRoutes
from content_api.web.tokens import Tokens

log = structlog.get_logger("content_api")

USUAL_CONTENT = Path("content")
MARK = Path("site.json")
# Seconds that a thread may hold the interpreter while others wait for it. With the usual 5 ms, a request that comes
# while a version is being read waits for longer than it takes; one thread alone is not slowed by asking more often.
SWITCH_SECONDS = 0.0005


class ContentUnservable(ContentError):
    """The content has problems; the message is the whole list, for a person."""


def application() -> Starlette:
    """`create_app` for a server that imports it: what keeps it from starting is printed, and ends the process."""
    try:
        return create_app()
    except ContentApiError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the log may not be configured, and a person reads this
        raise SystemExit(exit_code(error)) from None


def exit_code(error: ContentApiError) -> int:
    """1 when an editor can mend it, 2 when an operator can."""
    return 1 if isinstance(error, ContentError) else 2


def create_app(settings: Settings | None = None) -> Starlette:
    """The application on the content that the settings, or else the environment, name.

    Raises ContentUnservable when none of its versions can be served, an OperatorError when it cannot be read.
    """
    settings = settings or read_settings()
    configure(settings.log_format, settings.log_level)
    for warning in unknown_variables():
        log.warning(warning)
    opened = open_configured(settings)
    return wire(settings, start(opened, settings))


def open_configured(settings: Settings) -> Opened:
    """What the settings name, opened. Close its repository after use."""
    return open_content(
        settings.content or usual_content(),
        ref=settings.ref,
        working_tree=settings.working_tree,
        limits=settings.limits,
        folder=settings.folder,
        deadline=settings.git_deadline,
    )


def usual_content() -> Path:
    """Where the content is if nobody says. Raises SettingError when it is not there.

    The current directory is not simply tried: in a home directory everything would be reported as misplaced content.
    """
    if USUAL_CONTENT.is_dir():
        return USUAL_CONTENT
    if MARK.is_file():
        return Path()
    raise SettingError(
        f"There is no content in {Path.cwd()}: neither a folder `{USUAL_CONTENT}` nor a file `{MARK}`."
        f" Go to where it is, or name it with --content or {variable('content')}"
    )


# ---- what is served


@dataclass(frozen=True, slots=True)
class Started:
    """What is served, and what follows its changes. `branch` and `beginning` are None for files as they stand."""

    opened: Opened
    current: Current
    branch: Branch | None = None
    beginning: Beginning | None = None

    @property
    def archive(self) -> VersionArchive | None:
        return self.beginning.archive if self.beginning else None


def start(opened: Opened, settings: Settings) -> Started:
    """What to serve first. Raises ContentUnservable when it has problems and nothing before it is without."""
    if opened.repository is None or not isinstance(opened.snapshot, GitSnapshot):
        return Started(opened, Current(first_edition(opened, settings)))
    branch = Branch(
        opened.repository, settings.ref or "HEAD", settings.limits, settings.fast_forward_only, opened.snapshot
    )
    with explained(opened):
        beginning = begin(branch)
    current = Current(beginning.live.edition, pinned=beginning.pinned)
    if beginning.refusal:
        current.refuse(beginning.refusal)
    if beginning.trouble:
        current.trouble = Trouble(beginning.trouble)
    return Started(opened, current, branch, beginning)


def served_alone(opened: Opened, settings: Settings) -> Started:
    """Just what was opened, to be asked once and not followed. Raises ContentUnservable when it has problems."""
    if opened.repository is None or not isinstance(opened.snapshot, GitSnapshot):
        return Started(opened, Current(first_edition(opened, settings)))
    branch = Branch(opened.repository, settings.ref or "HEAD", settings.limits, listed=opened.snapshot)
    with explained(opened):
        beginning = just(branch, opened.snapshot)
    return Started(opened, Current(beginning.live.edition), branch, beginning)


def first_edition(opened: Opened, settings: Settings) -> Edition:
    """The edition of just what was opened. Raises ContentUnservable when it has problems."""
    with explained(opened):
        return make_edition(opened.snapshot, settings.limits)


@contextmanager
def explained(opened: Opened) -> Iterator[None]:
    """Close what was opened if it cannot be served, and say all that is wrong with it."""
    try:
        yield
    except ContentRefused as refused:
        opened.close()
        raise ContentUnservable(f"{report(refused, folder_of(opened))}\n\nNothing is served.") from refused
    except BaseException:
        opened.close()
        raise


# ---- who answers


def wire(settings: Settings, started: Started) -> Starlette:
    """The application that serves what is current, and follows what changes while it runs."""
    current = started.current
    publisher = publisher_of(started, settings)
    answering = delivery(current, started.archive)
    return build(
        schema_text=sdl(schema()),
        answer=answering.answer,
        status=lambda: Status(True, current.edition.version.id),
        origins=settings.cors_origins,
        lifespan=lambda app: _lifespan(settings, started, publisher),
        at_least=publisher.at_least if publisher else None,
        previews=preview_routes(settings, publisher, answering),
    )


def delivery(current: Current, archive: VersionArchive | None) -> Delivery:
    """What answers operations from what is current and, where there is an archive, from any other version."""
    return Delivery(schema(), live_in(current), fetch=archive.holding if archive else fetch_nothing)


@cache
def schema() -> GraphQLSchema:
    """The schema: one for the process, whatever is served. To build it takes longer than to read the content."""
    return build_schema()


def live_in(current: Current) -> Callable[[], Live]:
    """What an operation is answered from: the edition that is live as it begins, made ready once per edition."""

    def live() -> Live:
        edition = current.edition
        found: Live | None = edition.memo.get(Live)
        if found is None:
            found = edition.memo[Live] = live_of(edition)
        return found

    return live


def live_of(edition: Edition, drafts: bool = False) -> Live:
    return Live(edition.version.id, root(edition, drafts), about=about(edition))


def about(edition: Edition) -> Callable[[str], dict[str, Any]]:
    """What `extensions.content` says of a version that an answer came from: this edition's, or one beside it."""

    def tell(commit: str) -> dict[str, Any]:
        version = edition.version if commit == edition.version.id else edition.archive.edition(commit).version
        tags = edition.archive.tagged(version).tags
        return {"version": commit, "tag": tags[-1] if tags else None, "publishedAt": version.committed_at}

    return tell


def publisher_of(started: Started, settings: Settings) -> Publisher | None:
    """What follows the branch; None for files as they stand."""
    if started.branch is None or started.beginning is None:
        return None
    return Publisher(
        started.branch,
        started.current,
        started.beginning.archive,
        started.beginning.live,
        folder_of(started.opened),
        announce=lambda version: None,
        poll_seconds=settings.poll_seconds,
    )


def preview_routes(settings: Settings, publisher: Publisher | None, answering: Delivery) -> PreviewRoutes | None:
    """What is below /preview/; None where nothing is, which is logged if somebody wanted it otherwise."""
    patterns, tokens = settings.preview_branches, settings.preview_tokens
    if not (patterns or tokens):
        return None
    if publisher is None:
        log.warning("there are no previews: they are of branches, and what is served are files as they stand")
        return None
    if not (patterns and tokens):
        missing = "preview_tokens" if patterns else "preview_branches"
        log.warning("there are no previews: one of the two settings is missing", missing=variable(missing))
        return None
    previews = Previews(publisher.branch, lambda: publisher.live, patterns)
    return PreviewRoutes(partial(open_preview, previews, answering), Tokens.of(tokens))


@asynccontextmanager
async def open_preview(previews: Previews, answering: Delivery, branch: str) -> AsyncIterator[Answer]:
    """What answers operations on a branch as it is now, drafts included."""
    async with previews.opened(branch) as preview:
        live = live_of(preview.edition, drafts=True)
        yield answering.beside(lambda: live, preview.archive.holding).answer


@asynccontextmanager
async def _lifespan(settings: Settings, started: Started, publisher: Publisher | None) -> AsyncIterator[None]:
    sys.setswitchinterval(SWITCH_SECONDS)
    following = asyncio.create_task(_following(settings, started, publisher))
    log.info("serving", version=started.current.edition.version.id, place=started.opened.snapshot.place)
    yield
    following.cancel()
    with suppress(asyncio.CancelledError):
        await following
    started.opened.close()
    log.info("stopped")


async def _following(settings: Settings, started: Started, publisher: Publisher | None) -> None:
    """Follow commits always, and files where that is asked for."""
    opened = started.opened
    if publisher:
        await publisher.run()
    elif settings.reload:
        digits = opened.repository.location.digits if opened.repository else 40
        folder = Path(opened.snapshot.place)
        await follow_files(started.current, folder, folder_of(opened), settings.limits, digits, announce)


def announce(version: Version) -> None:
    """Nobody listens yet."""
