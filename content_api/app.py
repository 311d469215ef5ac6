"""The wiring: store -> content -> Current -> schema -> delivery -> web, as calls that one reads from top to bottom."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import cache
from pathlib import Path

import structlog
from graphql import GraphQLSchema
from starlette.applications import Starlette

from content_api.content.edition import Edition
from content_api.content.problems import ContentRefused
from content_api.content.report import report
from content_api.delivery.pipeline import Delivery, Live
from content_api.errors import ContentApiError, ContentError, SettingError
from content_api.graph.query import root
from content_api.graph.schema import build_schema, sdl
from content_api.observe.logs import configure
from content_api.publish.current import Current
from content_api.publish.making import make_edition
from content_api.publish.place import folder_of
from content_api.publish.reload import follow
from content_api.settings import Settings, read_settings, unknown_variables, variable
from content_api.store import Opened, open_content
from content_api.web.application import build
from content_api.web.health import Status

log = structlog.get_logger("content_api")

USUAL_CONTENT = Path("content")
MARK = Path("site.json")


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

    Raises ContentUnservable when that has problems, an OperatorError when it cannot be read.
    """
    settings = settings or read_settings()
    configure(settings.log_format, settings.log_level)
    for warning in unknown_variables():
        log.warning(warning)
    opened = open_configured(settings)
    return wire(settings, opened, Current(first_edition(opened, settings)))


def open_configured(settings: Settings, objects: Path | None = None) -> Opened:
    """What the settings name, opened; with a folder of `objects` that are not in it yet. Close it after use."""
    return open_content(
        settings.content or usual_content(),
        ref=settings.ref,
        working_tree=settings.working_tree,
        limits=settings.limits,
        folder=settings.folder,
        deadline=settings.git_deadline,
        objects=objects,
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


def first_edition(opened: Opened, settings: Settings) -> Edition:
    """The edition to begin with. Raises ContentUnservable when the content has problems; nothing stands in for it."""
    try:
        return make_edition(opened.snapshot, settings.limits)
    except ContentRefused as refused:
        opened.close()
        raise ContentUnservable(f"{report(refused, folder_of(opened))}\n\nNothing is served.") from refused


def wire(settings: Settings, opened: Opened, current: Current) -> Starlette:
    """The application that serves what is current."""
    return build(
        schema_text=sdl(schema()),
        answer=Delivery(schema(), live_in(current)).answer,
        status=lambda: Status(True, current.edition.version.id),
        origins=settings.cors_origins,
        lifespan=lambda app: _lifespan(settings, opened, current),
    )


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
            found = edition.memo[Live] = Live(edition.version.id, root(edition))
        return found

    return live


@asynccontextmanager
async def _lifespan(settings: Settings, opened: Opened, current: Current) -> AsyncIterator[None]:
    following = asyncio.create_task(follow(current, opened, settings.ref, settings.limits)) if settings.reload else None
    log.info("serving", version=current.edition.version.id, place=opened.snapshot.place)
    yield
    if following:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
    opened.close()
    log.info("stopped")
