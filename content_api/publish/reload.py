"""Following what changes where the content is, and making it live when it is good.

A source that cannot be read for a moment (a folder moved away, a git command that hangs) is logged and looked at again;
content with problems is logged with all of them. What was live stays live in both cases.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path, PurePath

import structlog
import watchfiles

from content_api.content.problems import ContentRefused
from content_api.content.report import report
from content_api.errors import ObjectUnreadable, StoreError
from content_api.publish.current import Current, Refusal
from content_api.publish.making import make_edition, retire
from content_api.publish.place import folder_of
from content_api.store import FolderSnapshot, GitRepository, Opened
from content_api.store.git import GitSnapshot
from content_api.store.snapshot import Limits, Snapshot, Version

log = structlog.get_logger("content_api.publish")

POLL_SECONDS = 1.0  # to ask git costs 25 µs, and nobody who has just committed expects less
SAVE_MILLISECONDS = 100  # an editor's program writes a file in several steps, and a checkout writes many files
BACK_OFF_SECONDS = 5.0


async def follow(
    current: Current, opened: Opened, ref: str | None, limits: Limits, announce: Callable[[Version], None]
) -> None:
    """Make live what comes, and announce it, until cancelled.

    `opened` is what `current` was read from, `ref` how that was named.
    """
    folder = folder_of(opened)
    while True:
        try:
            async for newer in snapshots(opened, ref, limits):
                before = current.edition
                await asyncio.to_thread(take, current, newer, folder, limits)
                if current.edition is not before:
                    retire(before)  # here, on the event loop, no operation is half way through
                    announce(current.edition.version)
        except (StoreError, OSError) as error:
            seconds = pause_after(error, opened)
            log.error("changes cannot be looked for", reason=str(error), again_in_seconds=seconds)
            await asyncio.sleep(seconds)
        except Exception:  # a defect of ours: without this it would end the task, and nobody would see that
            log.exception("following changes failed", again_in_seconds=BACK_OFF_SECONDS)
            await asyncio.sleep(BACK_OFF_SECONDS)


def pause_after(error: Exception, opened: Opened) -> float:
    """Seconds to wait before looking again. A file that was saved while it was being read is whole a moment later."""
    saving = isinstance(error, ObjectUnreadable) and not isinstance(opened.snapshot, GitSnapshot)
    return SAVE_MILLISECONDS / 1000 if saving else BACK_OFF_SECONDS


def snapshots(opened: Opened, ref: str | None, limits: Limits) -> AsyncIterator[Snapshot]:
    """What there is to serve, now and whenever it changes: saved files or commits, as the first snapshot was."""
    snapshot, repository = opened.snapshot, opened.repository
    if isinstance(snapshot, GitSnapshot) and repository is not None:
        return commits(repository, ref or "HEAD", snapshot)
    return saved_files(Path(snapshot.place), limits, repository.location.digits if repository else 40)


async def saved_files(folder: Path, limits: Limits, digits: int) -> AsyncIterator[Snapshot]:
    """The folder, when watching begins and after each change. Ends when another folder stands in its place."""
    inode = folder.stat().st_ino
    unread = True
    watching = watchfiles.awatch(
        folder,
        debounce=SAVE_MILLISECONDS,
        step=SAVE_MILLISECONDS // 2,
        rust_timeout=int(POLL_SECONDS * 1000),  # of a folder that is moved away, the system says nothing
        yield_on_timeout=True,
    )
    async for changes in watching:
        if folder.stat().st_ino != inode:
            return
        if changes or unread:
            unread = False
            yield await asyncio.to_thread(FolderSnapshot, folder, limits, digits)


async def commits(repository: GitRepository, ref: str, latest: GitSnapshot) -> AsyncIterator[Snapshot]:
    """Each commit that the ref comes to name."""
    while True:
        commit = await asyncio.to_thread(repository.require, ref)
        if commit != latest.version.id:
            latest = await asyncio.to_thread(repository.snapshot, commit, latest)
            yield latest
        await asyncio.sleep(POLL_SECONDS)


def take(current: Current, snapshot: Snapshot, folder: PurePath, limits: Limits) -> None:
    """Make a snapshot live, unless it has problems. Blocks; what did not change is not read again."""
    version, before = snapshot.version, current.edition
    if current.has_judged(version.id):
        if version.id == before.version.id:
            current.refusal = None
        return
    try:
        edition = make_edition(snapshot, limits, before)
    except ContentRefused as refused:
        current.refuse(Refusal(version, refused.problems))
        log.warning(f"Not served, because of this:\n\n{report(refused, folder)}\n", version=version.id)
        return
    current.go_live(edition)
    log.info("live", version=version.id)
