"""Following the files of a folder as they are saved, and making them live when they are good.

A folder that cannot be read for a moment (it was moved away) is logged and looked at again; content with problems is
logged with all of them. What was live stays live in both cases.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from pathlib import Path, PurePath
from time import perf_counter

import structlog
import watchfiles

from content_api.content.load import gc_paused
from content_api.content.outdated import outdated
from content_api.content.problems import ContentRefused
from content_api.content.report import report
from content_api.content.tags import in_one_line
from content_api.errors import ObjectUnreadable, StoreError
from content_api.publish.current import Current, Refusal, trouble_with
from content_api.publish.making import freeze, make_edition, retire
from content_api.publish.processors import beside
from content_api.store import FolderSnapshot
from content_api.store.snapshot import Limits, Snapshot, Version

log = structlog.get_logger("content_api.publish")

POLL_SECONDS = 1.0  # of a folder that is moved away, the system says nothing: somebody has to look
SAVE_MILLISECONDS = 100  # an editor's program writes a file in several steps, and a checkout writes many files
BACK_OFF_SECONDS = 5.0


async def follow_files(
    current: Current,
    folder: Path,
    shown: PurePath,
    limits: Limits,
    digits: int,
    announce: Callable[[Version], None],
    purge: Callable[[Collection[str]], None],
) -> None:
    """Make live what is saved below a folder, until cancelled. Problems are told with `shown` before their paths."""
    while True:
        try:
            async for newer in saved_files(folder, limits, digits):
                before = current.edition
                with gc_paused():
                    tags = await beside(take, current, newer, shown, limits)
                    current.trouble = None
                    if current.edition is not before:
                        retire(before)  # here, on the event loop, no operation is half way through
                        announce(current.edition.version)
                        purge(tags)
                        freeze()
        except (StoreError, OSError) as error:
            # A file that was saved while it was being read is whole a moment later.
            seconds = SAVE_MILLISECONDS / 1000 if isinstance(error, ObjectUnreadable) else BACK_OFF_SECONDS
            log.error("changes cannot be looked for", reason=str(error), again_in_seconds=seconds)
            current.trouble = trouble_with(error)
            await asyncio.sleep(seconds)
        except Exception:  # a defect of ours: without this it would end the task, and nobody would see that
            log.exception("following changes failed", again_in_seconds=BACK_OFF_SECONDS)
            await asyncio.sleep(BACK_OFF_SECONDS)


async def saved_files(folder: Path, limits: Limits, digits: int) -> AsyncIterator[Snapshot]:
    """The folder, when watching begins and after each change. Ends when another folder stands in its place."""
    inode = folder.stat().st_ino
    unread = True
    watching = watchfiles.awatch(
        folder,
        debounce=SAVE_MILLISECONDS,
        step=SAVE_MILLISECONDS // 2,
        rust_timeout=int(POLL_SECONDS * 1000),
        yield_on_timeout=True,
    )
    async for changes in watching:
        if folder.stat().st_ino != inode:
            return
        if changes or unread:
            unread = False
            yield await beside(FolderSnapshot, folder, limits, digits)


def take(current: Current, snapshot: Snapshot, folder: PurePath, limits: Limits) -> Collection[str]:
    """Make a snapshot live, unless it has problems, and return the tags of answers that are not good any more.

    Blocks; what did not change is not read again.
    """
    began, version, before = perf_counter(), snapshot.version, current.edition
    if current.has_judged(version.id):
        if version.id == before.version.id:
            current.refusal = None
        return ()
    try:
        edition = make_edition(snapshot, limits, before, before=before.library.records)
    except ContentRefused as refused:
        seconds = perf_counter() - began
        current.refuse(Refusal(version, refused.problems, private=refused.private), seconds)
        log.warning(
            "refused",
            version=version.id,
            problems=len(refused.problems),
            seconds=round(seconds, 3),
            live=before.version.id,
            report=report(refused, folder),
        )
        return ()
    tags = outdated(before, edition)
    seconds = perf_counter() - began
    current.go_live(edition, seconds)
    log.info(
        "live",
        version=version.id,
        was=before.version.id,
        entities=len(edition.library.records),
        seconds=round(seconds, 3),
        outdated=in_one_line(tags),
    )
    return tags
