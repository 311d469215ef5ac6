"""From a snapshot to an edition, or to everything that is wrong with it.

What one version costs is what changed since the edition it is compared with: files are known by their blob ids, records
by their files, and the rules look only at records that changed and those that refer to them.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from immutables import Map

from content_api.content.beside import beside
from content_api.content.budget import SITE, Budget
from content_api.content.checking import findings_between, findings_within
from content_api.content.edition import (
    Edition,
    Indexes,
    Library,
    ParsedFile,
    Places,
    Record,
    indexed,
    places_of,
    reindexed,
)
from content_api.content.fields import EntityKind
from content_api.content.findings import Finding
from content_api.content.layout import place_of
from content_api.content.locate import locator
from content_api.content.migrations import MODEL_VERSION, Written
from content_api.content.model_version import newer_model, stated_version
from content_api.content.models import Recall, Site
from content_api.content.parse import parse
from content_api.content.problems import MOST_PROBLEMS, ContentRefused, Problem
from content_api.content.reading import Delta, Rebuilt, difference, parsed, records_of
from content_api.content.refusing import refusal, refusal_as_too_large
from content_api.content.relations import RELATION_NAMES
from content_api.content.suspects import suspects
from content_api.content.translations import where_written
from content_api.errors import SnapshotTooLarge
from content_api.store.snapshot import Entry, EntryKind, Limits, Snapshot

RECALLS = "recalls.json"
# Of the entities, checked in a copy of this process. The rest is checked here, after the indexes and the rules between
# entities, which take half as long as these rules: so neither waits long for the other.
SHARE = 0.8
MASS_DELETE_TRAILER = re.compile(r"^Allow-Mass-Delete: yes\s*$", re.MULTILINE)


def load(
    snapshot: Snapshot, *, known: Edition | None = None, before: Collection[str] = (), limits: Limits | None = None
) -> Edition:
    """The edition of a snapshot; raises ContentRefused with its problems (the first hundred) when it has any.

    `known` is any edition whose parsed files may be used again; the result is the same without it, only slower.
    `before` holds the entity keys (`kind/id`) of the version that this one follows: one that vanished is a problem.
    """
    with gc_paused():
        was: Mapping[str, Record] = known.library.records if known else {}
        entries = entries_of(snapshot, was)
        limits = limits or Limits()
        budget = Budget.from_now(snapshot.place, limits.seconds)
        model = model_version(snapshot, entries, known, limits)
        if known and known.library.site.model_version != model:
            known = None  # the same bytes, but another model: each file means something else
        delta = difference(snapshot, known)
        files, problems = parsed(snapshot, entries, delta, known, limits, model, budget)
        site = files[SITE].value if SITE in files else None
        if site is None:
            problems += [] if SITE in entries else [no_site(entries)]
            raise refusal(snapshot, problems, limits, None, was)
        records, rebuilt, merging = records_of(files, delta, known)
        library = library_of(site, files, records, rebuilt, delta, known)
        single = within(library, rebuilt, delta)
        share = int(len(single) * SHARE)
        with beside(partial(findings_within, single[:share], library, budget), share) as found_beside:
            come = places_of(rebuilt.added)
            library = replace(library, indexes=indexes_of(rebuilt, come, known))
            found = [("translations_whole", finding) for finding in merging]
            found += vanished(library, before, snapshot.version.message or "")
            found += listed_once(files)
            found += findings_between(between(library, rebuilt, delta, come, known), library, budget)
            found += findings_within(single[share:], library, budget)
            found += found_beside()
        problems += located(found, library, files, snapshot) if found else ()
        if problems:
            raise refusal(snapshot, problems, limits, library, was)
        return Edition(snapshot.version, library, files, entries)


def recalls_of(snapshot: Snapshot) -> dict[str, Recall]:
    """The recalls that a version lists, whatever else is wrong with it; none where the list cannot be read."""
    entry, place = snapshot.entries.get(RECALLS), place_of(RECALLS)
    if entry is None or place is None or entry.kind is not EntryKind.FILE:
        return {}
    [(_, data)] = snapshot.read([entry.blob])
    listed, _ = parse(RECALLS, place, data)
    return {recall.id: recall for recall in listed.recalls} if listed else {}


@contextmanager
def gc_paused() -> Iterator[None]:
    """Reading makes a million objects and no cycle: the collector would only walk them, over and over."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def entity_keys(paths: Iterable[str]) -> set[str]:
    """Keys (`kind/id`) of the entities whose files are among `paths`: what `before` wants of a version not loaded."""
    places = map(place_of, paths)
    return {place.key for place in places if place and place.entity and place.locale is None}


def entries_of(snapshot: Snapshot, before: Mapping[str, Record]) -> Mapping[str, Entry]:
    """The paths of a snapshot; a tree that breaks a limit is a problem like any other."""
    try:
        return snapshot.entries
    except SnapshotTooLarge as error:
        raise refusal_as_too_large(snapshot.place, error, before) from error


def model_version(snapshot: Snapshot, entries: Mapping[str, Entry], known: Edition | None, limits: Limits) -> int:
    """The model version that the content is written for; today's, where it does not say. A newer one is refused."""
    entry = entries.get(SITE)
    if entry is None or entry.kind is not EntryKind.FILE or entry.size > limits.file_bytes:
        return MODEL_VERSION  # its path is a problem already
    if known and known.files[SITE].blob == entry.blob:
        return known.library.site.model_version
    [(_, data)] = snapshot.read([entry.blob])
    version = stated_version(data) or MODEL_VERSION
    if version > MODEL_VERSION:
        raise ContentRefused(snapshot.place, [newer_model(SITE, data, version)])
    return version


def no_site(entries: Mapping[str, Entry]) -> Problem:
    """Why there is nothing to serve."""
    found = "There is no site.json" if entries else "There is no content"
    return Problem(SITE, 1, 1, "", "layout", found, "Content begins with a site.json and a folder for each kind")


# --- The library -----------------------------------------------------------------------------------------------------


def library_of(
    site: Site,
    files: Mapping[str, ParsedFile],
    records: Map[str, Record],
    rebuilt: Rebuilt,
    delta: Delta,
    known: Edition | None,
) -> Library:
    """Everything read, with the indexes that are known: `indexes_of` has those that belong to it."""
    unread = frozenset(
        place.key
        for path in delta.changed
        if (path not in files or files[path].value is None) and (place := place_of(path))
    )
    before = known.library.records if known else Map[str, Record]()
    # All of them, where nothing is known: but then there is nothing that anybody could compare with.
    touched = frozenset(record.key for record in (*rebuilt.removed, *rebuilt.added)) if known else frozenset[str]()
    if known and not touches_the_rest(delta):
        return replace(known.library, records=records, unread=unread, before=before, touched=touched)
    redirects = value_of("redirects.json", files)
    recalls = value_of(RECALLS, files)
    return Library(
        records=records,
        indexes=known.library.indexes if known else Indexes(),
        site=site,
        sources=values_in("sources/", files),
        people=values_in("people/", files),
        redirects={redirect.from_: redirect.to for redirect in redirects.redirects} if redirects else {},
        recalls={recall.id: recall for recall in recalls.recalls} if recalls else {},
        unread=unread,
        before=before,
        touched=touched,
    )


def indexes_of(rebuilt: Rebuilt, come: Places, known: Edition | None) -> Indexes:
    """The indexes of all records; `come` says where those made anew are found."""
    return reindexed(known.library.indexes, places_of(rebuilt.removed), come) if known else indexed(come)


def touches_the_rest(delta: Delta) -> bool:
    """Whether anything but entities changed: the site, a source, a person, a redirect, a recall."""
    places = map(place_of, (*delta.changed, *delta.gone))
    return any(place and place.entity is None for place in places)


def value_of(path: str, files: Mapping[str, ParsedFile]) -> Any:
    return files[path].value if path in files else None


def values_in(folder: str, files: Mapping[str, ParsedFile]) -> dict[str, Any]:
    """id -> value of every file of a folder that could be read."""
    paths = sorted(path for path in files if path.startswith(folder))
    values = (files[path].value for path in paths)
    return {value.id: value for value in values if value is not None}


# --- Rules -----------------------------------------------------------------------------------------------------------


def within(library: Library, rebuilt: Rebuilt, delta: Delta) -> Sequence[Record]:
    """The records that may break a rule by themselves: those made anew, or all when what they are held to changed."""
    return every(library) if touches_the_rest(delta) else rebuilt.added


def between(library: Library, rebuilt: Rebuilt, delta: Delta, come: Places, known: Edition | None) -> Sequence[Record]:
    """The records that may break a rule together: those made anew, and those that refer to one made anew or gone.

    Where more than entities changed, any may: those that look as if they did.
    """
    if known is None or touches_the_rest(delta):
        keys = suspects(library, come)
    else:
        touched = {record.key for record in (*rebuilt.removed, *rebuilt.added)}
        keys = touched | sharing_a_slug(rebuilt.added, library) | referring_to(touched, library)
    return [library.records[key] for key in sorted(keys) if key in library.records]


def sharing_a_slug(records: Iterable[Record], library: Library) -> set[str]:
    slugs = library.indexes.slugs
    return {
        key
        for record in records
        for locale, text in record.entity.text.items()
        for key in slugs[record.kind, locale, text.slug]
    }


def referring_to(keys: Iterable[str], library: Library) -> set[str]:
    referrers = library.indexes.referrers
    return {key for target in keys for name in RELATION_NAMES for key in referrers.get((target, name), ())}


def every(library: Library) -> list[Record]:
    return [library.records[key] for key in sorted(library.records)]


def vanished(library: Library, before: Collection[str], message: str) -> Iterator[tuple[str, Finding]]:
    """Entities that were in the version before and are neither here nor accounted for."""
    if not library.records and not library.unread:
        yield "mass_delete", Finding(SITE, "", "There is no entity", "Content has at least one")
    keys = library.touched if before is library.before else before  # what nobody touched is still there
    gone = sorted(key for key in keys if key in before and key not in library.records and key not in library.unread)
    if len(gone) * 2 > len(before) and not MASS_DELETE_TRAILER.search(message):
        found = f"{len(gone):,} of {len(before):,} entities are gone"
        expected = (
            "If that is meant, write `Allow-Mass-Delete: yes` on a line of its own at the end of the commit message"
        )
        yield "mass_delete", Finding(SITE, "", found, expected)
    if library.unread & {"redirects/", "recalls/"}:
        return  # what accounts for them could not be read
    for key in gone[:MOST_PROBLEMS]:
        if key not in library.redirects and key not in library.recalls:
            path = f"{EntityKind(key.partition('/')[0]).folder}/{key.partition('/')[2]}.json"
            found = f"`{key}` was in the version before and is gone"
            expected = "Set its state to WITHDRAWN, or name it in redirects.json or recalls.json"
            yield "ids_kept", Finding(path, "", found, expected)


def listed_once(files: Mapping[str, ParsedFile]) -> Iterator[tuple[str, Finding]]:
    """Names that redirects.json or recalls.json has twice: only the last of them would count."""
    for path, listing, name in (("redirects.json", "redirects", "from"), ("recalls.json", "recalls", "id")):
        seen: set[str] = set()
        for index, entry in enumerate(getattr(value_of(path, files), listing, ())):
            key = entry.from_ if name == "from" else entry.id
            if key in seen:
                pointer = f"/{listing}/{index}/{name}"
                yield "listed_once", Finding(path, pointer, f"`{key}` stands here twice", "Keep one of the two")
            seen.add(key)


def located(
    found: Iterable[tuple[str, Finding]], library: Library, files: Mapping[str, ParsedFile], snapshot: Snapshot
) -> Iterator[Problem]:
    """Findings as problems, with their lines, for which the files are read again: few, and never on the good road."""
    by_path: dict[str, list[tuple[str, Finding]]] = {}
    for rule, finding in found:
        place = place_of(finding.path)
        record = library.records.get(place.key) if place else None
        moved = where_written(finding, record, files) if record and finding.path == record.path else finding
        by_path.setdefault(moved.path, []).append((rule, moved))
    # What could not be read has no lines to point at, and may be a pipe or larger than the store reads.
    paths = [path for path in by_path if path in files and files[path].value is not None]
    contents = dict(zip(paths, (data for _, data in snapshot.read([files[path].blob for path in paths])), strict=True))
    for path, findings in by_path.items():
        locate = locator(path, contents.get(path, b""))
        place = place_of(path)
        written = Written(place.kind, library.site.model_version) if place else None
        for rule, finding in findings:
            pointer = written.pointer(finding.pointer) if written else finding.pointer
            yield locate(pointer, rule, finding.found, finding.expected, finding.suggestion)
