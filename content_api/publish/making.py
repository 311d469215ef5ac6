"""Making an edition ready to go live: checked, searchable, and out of the garbage collector's way."""

from __future__ import annotations

import gc

from content_api.content.edition import Edition
from content_api.content.load import gc_paused, load
from content_api.content.search import SearchIndex
from content_api.content.searchable import search_index
from content_api.content.view import View
from content_api.store.snapshot import Limits, Snapshot


def make_edition(snapshot: Snapshot, limits: Limits, previous: Edition | None = None) -> Edition:
    """The edition of a snapshot, with all that readers will ask of it. Raises ContentRefused when it has problems.

    `previous` is the edition that is live: what did not change is taken from it, and what vanished is a problem.

    50,000 entities are millions of objects that live as long as their edition and are freed by their reference counts.
    The collector would walk them again and again, a second at a time, while requests wait: so it does not look at them.
    """
    gc.collect()  # what is garbage now would stay for ever; what was frozen before is not walked
    with gc_paused():
        before = previous.library.records if previous else ()
        edition = load(snapshot, known=previous, before=before, limits=limits)
        search_index(edition, previous)
        if previous:
            gc.collect()  # what requests left meanwhile: freezing would keep it. Only what is new is walked here
        gc.freeze()
    return edition


def retire(edition: Edition) -> None:
    """Let go of what an edition worked out, when another is live. Call it where no operation runs meanwhile.

    Its views refer back to it, and what they show refers to them. The collector does not look at what was frozen, so
    that these circles would keep the whole edition for ever. The search index refers to nothing, and takes long to make
    again.
    """
    for key in [key for key in edition.memo if key is not SearchIndex]:
        found = edition.memo.pop(key)
        if isinstance(found, View):
            found.forget()
