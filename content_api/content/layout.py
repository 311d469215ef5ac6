"""Where each file of the content stands, and what a path says about it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from sys import intern

from content_api.content.fields import EntityKind
from content_api.content.problems import Problem
from content_api.content.suggest import suggestion
from content_api.errors import SnapshotTooLarge
from content_api.store.history import FileChangeKind
from content_api.store.snapshot import Entry, EntryKind, Limits


class FileKind(StrEnum):
    """What a content file is. The value names its JSON Schema: `schema/content/<value>.schema.json`."""

    SITE = "site"
    REDIRECTS = "redirects"
    RECALLS = "recalls"
    CONDITION = "condition"
    SYMPTOM = "symptom"
    CAUSE = "cause"
    TREATMENT = "treatment"
    CAUTION = "caution"
    TRANSLATION = "translation"
    SOURCE = "source"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Place:
    """What a path says: the kind of file and, where it holds one thing, that thing's id (and locale)."""

    kind: FileKind
    id: str = ""
    entity: EntityKind | None = None
    locale: str | None = None

    @property
    def key(self) -> str:
        """`kind/id`, the name of an entity across the content. For other files, a name that no entity has."""
        # One text for all who name the entity: its record, and whoever refers to it (relations.py).
        return intern(f"{self.entity or self.kind}/{self.id}")


SINGLE_FILES = {f"{kind}.json": kind for kind in (FileKind.SITE, FileKind.REDIRECTS, FileKind.RECALLS)}
FOLDERS: dict[str, tuple[FileKind, EntityKind | None]] = {
    **{kind.folder: (FileKind(kind.value), kind) for kind in EntityKind},
    "sources": (FileKind.SOURCE, None),
    "people": (FileKind.PERSON, None),
}
# An editor's notes may stand beside the content, and git needs a file to keep an empty folder.
IGNORED = re.compile(r"(^|/)([A-Za-z0-9._-]+\.md|\.gitkeep)\Z")
# Every file system that an editor may use can hold these, and no log or terminal is confused by them.
SAFE_NAME = re.compile(r"[A-Za-z0-9._][A-Za-z0-9._-]*\Z")
FILE_NAME = re.compile(r"^(?P<id>[a-z0-9]+(?:-[a-z0-9]+)*)(?:\.(?P<locale>[A-Za-z0-9-]+))?\.json\Z")
EXPECTED_FOLDERS = "Expected one of " + ", ".join(f"{folder}/" for folder in FOLDERS)


@lru_cache(maxsize=1)  # of one path it is asked several times in a row
def place_of(path: str) -> Place | None:
    """What stands at a path; None when nothing of the content may."""
    if path in SINGLE_FILES:
        return Place(SINGLE_FILES[path])
    folder, _, name = path.partition("/")
    match = FILE_NAME.match(name)
    if folder not in FOLDERS or match is None:
        return None
    kind, entity = FOLDERS[folder]
    locale = match["locale"]
    if locale is None:
        return Place(kind, match["id"], entity)
    return Place(FileKind.TRANSLATION, match["id"], entity, locale) if entity else None


def changed_entities(files: Iterable[tuple[str, FileChangeKind]]) -> dict[str, FileChangeKind]:
    """Key -> what became of each entity of which a file came, changed or went.

    An entity comes and goes with its own file; a translation that comes or goes beside it changes it.
    """
    found: dict[str, FileChangeKind] = {}
    for path, kind in files:
        place = place_of(path)
        if place and place.entity:
            if place.locale is None:
                found[place.key] = kind
            else:
                found.setdefault(place.key, FileChangeKind.CHANGED)
    return found


def too_large(error: SnapshotTooLarge) -> Problem:
    """A tree that breaks a limit, as the problem of whoever committed it."""
    return Problem(shown(error.path), 1, 1, "", "tree_size", error.found, error.allowed)


def shown(path: str) -> str:
    """A path as it can be shown safely: everything but plain ASCII letters, digits and signs is escaped."""
    return path.encode("utf-8", "surrogateescape").decode("latin-1").encode("unicode_escape").decode()


def path_problems(path: str, entry: Entry, limits: Limits) -> Iterator[Problem]:
    """What is wrong with one path, before any byte of it is read."""
    if entry.kind is EntryKind.FILE and entry.size <= limits.file_bytes and place_of(path):
        return  # nearly all: a name that says what it holds is safe, too
    label = shown(path)

    def problem(rule: str, found: str, expected: str, suggestion: str | None = None) -> Problem:
        return Problem(label, 1, 1, "", rule, found, expected, suggestion)

    unsafe = [part for part in path.split("/") if not SAFE_NAME.match(part)]
    if unsafe:
        yield problem(
            "file_names",
            f"The name `{shown(unsafe[0])}` has characters that are not allowed",
            "Use letters, digits, `.`, `_` and `-`, and do not begin with `-`",
        )
    elif entry.kind is not EntryKind.FILE:
        yield problem("plain_files", f"This is a {entry.kind}", "Content is plain files only: put the file itself here")
    elif IGNORED.search(path):
        return
    elif place_of(path) is None:
        yield problem("layout", "This is not a place for a content file", *where_it_could_stand(path))
    elif entry.size > limits.file_bytes:
        yield problem(
            "file_size",
            f"The file has {entry.size:,} bytes",
            f"A content file has at most {limits.file_bytes:,} bytes",
        )


def where_it_could_stand(path: str) -> tuple[str, str | None]:
    """What would be right for a misplaced path, and the nearest folder to what was meant."""
    folder, _, name = path.partition("/")
    if folder in FOLDERS and name:
        return "Expected a lower-case name with single hyphens, as in `phantom-limb-pain.json`", None
    if not name:
        return f"Expected {', '.join(SINGLE_FILES)} or a file in a folder", None
    return EXPECTED_FOLDERS, suggestion(f"{folder}/", [f"{known}/" for known in FOLDERS])


def collisions(paths: Mapping[str, object]) -> Iterator[Problem]:
    """Paths, or folders on the way to them, that some file systems cannot tell apart.

    Paths in lower-case ASCII, which is nearly all, can collide only with one that is not: just the others are folded.
    """
    odd = sorted(path for path in paths if not (path.isascii() and path.islower()))
    folders = {path.rpartition("/")[0] for path in paths}
    first: dict[str, str] = {}
    for path in odd:
        for part in prefixes(path):
            fold = folded(part)
            other = first.setdefault(fold, fold if fold in paths or fold in folders else part)
            if other != part:
                yield Problem(
                    shown(path),
                    1,
                    1,
                    "",
                    "name_collisions",
                    f"`{shown(part)}` and `{shown(other)}` differ only in case or in how accents are written",
                    "Names must differ more than that, or some computers cannot check them out",
                )
                break


def prefixes(path: str) -> Iterator[str]:
    """A path and the folders on the way to it, shortest first."""
    parts = path.split("/")
    return ("/".join(parts[:end]) for end in range(1, len(parts) + 1))


def folded(path: str) -> str:
    """What is left of a path on a file system that ignores case and normalises Unicode."""
    return unicodedata.normalize("NFC", path).casefold()
