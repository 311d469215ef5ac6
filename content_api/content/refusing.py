"""What is said of a version that is refused, and what of it to editors alone: nobody else is told of a draft.

A problem is for everybody only where what it is about is known to be published. A file with a problem may be no JSON,
of no model, or in no place; so whatever does not say that it is published, or checked, counts as a draft.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import orjson
import structlog

from content_api.content.budget import SITE
from content_api.content.edition import Library, Record
from content_api.content.fields import EntityText, State, TranslationStatus
from content_api.content.items import items
from content_api.content.layout import SINGLE_FILES, Place, place_of, too_large
from content_api.content.problems import MOST_PROBLEMS, ContentRefused, Problem
from content_api.errors import SnapshotTooLarge, StoreError
from content_api.store.snapshot import EntryKind, Limits, Snapshot

log = structlog.get_logger("content_api.content")

PUBLIC_STATES = frozenset((State.PUBLISHED, State.WITHDRAWN))
CHECKED = frozenset((TranslationStatus.SOURCE, TranslationStatus.CHECKED))
Contents = Mapping[str, bytes | None]
"""Path -> what is in the file: nothing where it is no file, or too large, and None where it cannot be read."""
_STATE = re.compile(rb'"state"\s*:\s*"([^"]*)"')
_STATUS = re.compile(rb'"translation"\s*:\s*\{[^{}]*"status"\s*:\s*"([^"]*)"')
_LIKE_A_LOCALE = re.compile(r"[A-Za-z]{2,3}([-_]\w+)*")
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def refusal(
    snapshot: Snapshot,
    problems: Iterable[Problem],
    limits: Limits,
    library: Library | None,
    before: Mapping[str, Record],
) -> ContentRefused:
    """All that is wrong, up to a hundred. `library` is what was read, `before` what there was in the version before."""
    first = ordered(problems)
    contents = _contents(first, snapshot, limits)
    return ContentRefused(snapshot.place, first, private(first, contents, library, before))


def refusal_as_too_large(place: str, error: SnapshotTooLarge, before: Mapping[str, Record]) -> ContentRefused:
    """What is wrong with a tree that breaks a limit: an editor's doing, not an operator's."""
    problems = (too_large(error),)
    return ContentRefused(place, problems, private(problems, {}, None, before))


def ordered(problems: Iterable[Problem]) -> list[Problem]:
    """By file and line, each once, the first hundred; those of site.json before all, since they may explain others."""
    return sorted(set(problems), key=lambda problem: (problem.path != SITE, problem))[:MOST_PROBLEMS]


def private(
    problems: Collection[Problem],
    contents: Contents,
    library: Library | None,
    before: Mapping[str, Record],
) -> frozenset[Problem]:
    """Those that are in what may be a draft, in a text that may be unchecked, or that name something of a draft."""
    read = library.records if library else {}
    records = [*read.values(), *(record for key, record in before.items() if read.get(key) is not record)]
    named = cache(lambda: _named(records))
    hidden = {path for path in {problem.path for problem in problems} if not _is_public(path, contents, before, named)}
    left = [
        problem for problem in problems if problem.path not in hidden and not _is_in_a_draft_text(problem, contents)
    ]
    said = {name for problem in left for name in _NAME.findall(problem.message.lower())}
    names = {path.rpartition("/")[2].partition(".")[0].lower() for path in hidden}
    names |= _names_of_drafts(said, records)
    if library and (beside := said.intersection({*library.sources, *library.people})):
        names |= beside - named()
    return frozenset(problems).difference(
        problem for problem in left if names.isdisjoint(_NAME.findall(problem.message.lower()))
    )


# --- Files -----------------------------------------------------------------------------------------------------------


def _contents(problems: Iterable[Problem], snapshot: Snapshot, limits: Limits) -> Contents:
    """The files of these problems, and those that say in which state these entities are. A version is refused whatever
    became of a file beside: where one cannot be read, no more are."""
    paths = {problem.path for problem in problems}
    paths |= {_main_file(place) for path in paths if (place := place_of(path)) and place.entity}
    every = snapshot.entries
    entries = {path: every[path] for path in sorted(paths) if path in every}
    found: dict[str, bytes | None] = dict.fromkeys(entries)
    try:
        for path, entry in entries.items():
            can_be_read = entry.kind is EntryKind.FILE and entry.size <= limits.file_bytes
            found[path] = next(iter(snapshot.read([entry.blob])))[1] if can_be_read else b""
    except StoreError as error:
        log.warning("of what is refused, not all can be read", reason=str(error))
    return found


def _main_file(place: Place) -> str:
    return f"{place.entity.folder}/{place.id}.json" if place.entity else ""


def _is_public(path: str, contents: Contents, before: Mapping[str, Record], named: Callable[[], set[str]]) -> bool:
    """Whether everybody may know what stands at a path. One in no place says itself what it is, or nobody does."""
    if path in SINGLE_FILES or not path:
        return True
    place = place_of(path)
    if place and place.entity is None:
        return place.id in named()
    states = {state.decode("utf-8", "replace") for state in _STATE.findall(contents.get(_main(path, place)) or b"")}
    if State.DRAFT in states or (states and states <= PUBLIC_STATES):
        return State.DRAFT not in states
    was = before.get(place.key) if place else None
    return was is not None and was.entity.state in PUBLIC_STATES


def _main(path: str, place: Place | None) -> str:
    return _main_file(place) if place else path


# --- Texts -----------------------------------------------------------------------------------------------------------


def _is_in_a_draft_text(problem: Problem, contents: Contents) -> bool:
    """Whether a problem is in the text of a locale that nobody has checked, or that does not say so."""
    place, data = place_of(problem.path), contents.get(problem.path, b"")
    if data == b"" or place is None or place.entity is None:
        return False
    if data is None:
        return True
    try:
        document = orjson.loads(data)
    except ValueError:
        document = None
    if not isinstance(document, dict):  # and so it cannot be told where in it the problem is
        statuses = {status.decode("utf-8", "replace") for status in _STATUS.findall(data)}
        return not statuses or not statuses <= CHECKED
    texts = document.get("text")
    if place.locale:
        return not _is_checked(texts)
    return any(
        not _is_checked(texts.get(locale) if isinstance(texts, dict) else None)
        for locale in _locales(problem, document)
    )


def _locales(problem: Problem, document: Any) -> Iterator[str]:
    """The locales of a problem's place: keys below `text`, and those of an object that has a text for each locale."""
    parts = [part.replace("~1", "/").replace("~0", "~") for part in problem.pointer.split("/")[1:]]
    if parts[:1] == ["text"]:
        yield from parts[1:2]
    for part in parts:
        if isinstance(document, dict):
            if document and all(map(_LIKE_A_LOCALE.fullmatch, document)):
                yield part
            document = document.get(part)
        else:
            inside = isinstance(document, list) and part.isdecimal() and int(part) < len(document)
            document = document[int(part)] if inside else None


def _is_checked(text: Any) -> bool:
    translation = text.get("translation") if isinstance(text, dict) else None
    status = translation.get("status") if isinstance(translation, dict) else None
    return isinstance(status, str) and status in CHECKED


# --- Names -----------------------------------------------------------------------------------------------------------


def _names_of_drafts(said: Collection[str], records: Collection[Record]) -> set[str]:
    """Of the names that are said, those by which drafts are called, or things in them, and nothing that is published.

    What is published is looked through only where there is a doubt: that takes a while where there is much.
    """
    found = {name for record in records for name in _names(record, of_drafts=True)}.intersection(said)
    if found:
        found -= {name for record in records for name in _names(record, of_drafts=False)}
    return found


def _names(record: Record, *, of_drafts: bool) -> Iterator[str]:
    """The id, slugs and keys that everybody can read, or those that nobody can."""
    entity = record.entity
    is_draft = entity.state is State.DRAFT
    if is_draft is of_drafts:
        yield entity.id
        yield from (item.value.key for item in items(record.kind, entity) if item.value.key)
    for text in entity.text.values():
        if (is_draft or text.translation.status not in CHECKED) is of_drafts:
            yield from _names_in(text)


def _names_in(text: EntityText) -> Iterator[str]:
    yield text.slug
    yield from (section.key for section in text.sections)


def _named(records: Iterable[Record]) -> set[str]:
    """The sources and people that something published names."""
    public = [record.entity for record in records if record.entity.state in PUBLIC_STATES]
    sources = {citation.source for entity in public for citation in entity.citations}
    return sources.union(*(entity.review.reviewers for entity in public))
