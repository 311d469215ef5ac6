"""Making an edition ready to be served: checked, searchable, and out of the garbage collector's way."""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from content_api.content.archive import NO_ARCHIVE, Archive
from content_api.content.edition import Edition
from content_api.content.halfway import begin_anew
from content_api.content.load import gc_paused, load
from content_api.content.search import indexes_in
from content_api.content.searchable import search_index
from content_api.content.view import View
from content_api.publish.processors import begin_beside
from content_api.store import GitRepository
from content_api.store.git import GitSnapshot
from content_api.store.snapshot import Limits, Snapshot


def make_edition(
    snapshot: Snapshot,
    limits: Limits,
    previous: Edition | None = None,
    *,
    before: Collection[str] = (),
    archive: Archive = NO_ARCHIVE,
) -> Edition:
    """The edition of a snapshot, with all that readers will ask of it. Raises ContentRefused when it has problems.

    What did not change is taken from the `previous` edition; `before` has the keys of the version that this one
    follows, of which one that vanished is a problem. The first edition is frozen; any other is to be, by `freeze`, and
    the collector paused until then.
    """
    if previous is None:
        gc.collect()  # what is garbage now would stay for ever
    with gc_paused():
        edition = replace(load(snapshot, known=previous, before=before, limits=limits), archive=archive)
        search_index(edition, previous)
        if previous is None:  # nobody asks anything yet; to walk all of it would take a second
            gc.freeze()
    return edition


def freeze() -> None:
    """Have the collector look no more at what is in memory now. Operations that pause begin anew.

    50,000 entities are millions of objects that live as long as their edition and are freed by their reference counts.
    The collector would walk them again and again, a second at a time, while requests wait. Here it walks what is new,
    once: what is garbage now would stay for ever. So would what an operation has made that is half way through, errors
    and all that they passed through, and with it the edition that it is answered from.
    """
    begin_anew()
    gc.collect()
    gc.freeze()


def load_older(
    repository: GitRepository,
    commit: str,
    base: Edition | None,
    live: Edition,
    live_snapshot: GitSnapshot | None,
    limits: Limits,
) -> Edition:
    """The edition of a commit beside the live one, to be frozen as above. Raises ContentRefused, or a StoreError.

    With a `base`, whose content it has, it is that under its own name. Its search index is made when somebody searches:
    taken from the live one, it would cost the next publication an index of its own.
    """
    if base is not None:
        return replace(base, version=repository.version(commit), memo=indexes_in(base.memo))
    return load_beside(repository.snapshot(commit, live_snapshot), live, limits, live.archive)


def load_beside(
    snapshot: Snapshot, live: Edition, limits: Limits, archive: Archive, before: Collection[str] = ()
) -> Edition:
    """The same of a snapshot, at the cost of what differs from the live one, and without a search index."""
    return replace(load(snapshot, known=live, before=before, limits=limits), archive=archive)


def retire(edition: Edition) -> None:
    """Let go of what an edition worked out, when it is served no more. Operations that pause begin anew.

    Its views refer back to it, and what they show refers to them. The collector does not look at what was frozen, so
    that these circles would keep the whole edition for ever. The search index refers to nothing, and takes long to make
    again.
    """
    begin_anew()
    kept = indexes_in(edition.memo)
    gone = [edition.memo.pop(key) for key in list(edition.memo) if key not in kept]  # a list: others may add to it
    if worked_out := [each for view in gone if isinstance(view, View) for each in view.forget()]:
        begin_beside(partial(get_rid_of, worked_out))


def get_rid_of(worked_out: Iterable[dict[Any, Any]]) -> None:
    """One thing after the other, so that other threads run in between: 50,000 take 13 ms."""
    for each in worked_out:
        while each:
            each.popitem()
