"""What a server begins with, and a command asks: the content that the settings name, opened, read and checked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from content_api.content.edition import Edition
from content_api.content.problems import ContentRefused
from content_api.content.report import report
from content_api.errors import ContentError, SettingError
from content_api.publish.archive import VersionArchive
from content_api.publish.beginning import Beginning, begin, just
from content_api.publish.branch import Branch, live_name
from content_api.publish.current import Current
from content_api.publish.making import make_edition
from content_api.publish.place import folder_of
from content_api.settings import Settings, variable
from content_api.store import Opened, open_content, open_mirrored
from content_api.store.git import GitSnapshot
from content_api.web.ending import unwinding

USUAL_CONTENT = Path("content")
MARK = Path("site.json")


class ContentUnservable(ContentError):
    """The content has problems; the message is the whole list, for a person."""


def open_configured(settings: Settings, objects: Path | None = None, *, fresh: bool = True) -> Opened:
    """What the settings name, opened; with a folder of `objects` that are not in it yet. Close it after use.

    `fresh` is for a question that is asked once: what is on another machine is fetched first. A server begins with what
    it has, and where that cannot be read, with what it served last.
    """
    last = None if fresh else live_name(settings.ref or "HEAD")
    if remote := settings.remote:
        return open_mirrored(
            remote,
            settings.cache_folder,
            fresh=fresh,
            ref=settings.ref,
            limits=settings.limits,
            folder=settings.folder,
            deadline=settings.git_deadline,
            last=last,
        )
    return open_content(
        settings.content or usual_content(),
        ref=settings.ref,
        working_tree=settings.working_tree,
        limits=settings.limits,
        folder=settings.folder,
        deadline=settings.git_deadline,
        objects=objects,
        last=last,
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


def opened_and_started(settings: Settings) -> Started:
    """What a server begins with. A signal to end does so at once, whatever is waited for, and leaves nothing behind."""
    with unwinding():
        return start(open_configured(settings, fresh=False), settings)


def start(opened: Opened, settings: Settings) -> Started:
    """What to serve first. Raises ContentUnservable when it has problems and nothing before it is without."""
    if opened.repository is None or not isinstance(opened.snapshot, GitSnapshot):
        return Started(opened, Current(first_edition(opened, settings)))
    branch = Branch(
        opened.repository,
        settings.ref or "HEAD",
        settings.limits,
        settings.fast_forward_only,
        settings.kept_versions,
        opened.snapshot,
        settings.waits,
    )
    with explained(opened):
        beginning = begin(branch)
    current = Current(beginning.live.edition, pinned=beginning.pinned)
    if beginning.refusal:
        current.refuse(beginning.refusal)
    if beginning.trouble:
        current.trouble = beginning.trouble
    opened.close()  # the next question starts git anew: from a thread, on the processors that this keeps to
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
