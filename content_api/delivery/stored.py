"""Documents that are stored for clients: a folder of files, in which `<Name>.graphql` holds the operation `Name`.

Comments at the top of a file may say who uses it and how to try it, one a line, each as often as there is need:

    # client: website
    # variables: {"slug": "phantom-limb-pain"}
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from content_api.errors import SettingError

SUFFIX = ".graphql"
HASHED = "sha256:"
NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]{0,99}")  # a name of GraphQL, as it stands in addresses, logs and metrics
NOTE = re.compile(r"#\s*(client|variables):\s*(.*?)\s*")

# An app of a hundred screens has some two hundred. All are kept parsed for as long as the server runs.
MOST = 1_000
# A text of as many characters as are read, in the longest UTF-8. It keeps a file that is here by mistake out of memory.
LARGEST_FILE = 40_000

# In a wheel they are part of the package; in a clone they stand beside it, with the rest of what is promised.
_PACKAGE = Path(__file__).parents[1]
PACKAGED = _PACKAGE / "operations"
SHIPPED = PACKAGED if PACKAGED.is_dir() else _PACKAGE.parent / "schema" / "operations"


@dataclass(frozen=True, slots=True)
class Note:
    """A comment at the top of a document that means something: `word` is `client` or `variables`."""

    line: int
    word: str
    value: str


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored document. `id` is `sha256:` and the hash of its text, which is that of the file, byte for byte."""

    name: str
    text: str
    path: Path
    id: str
    notes: tuple[Note, ...]

    @property
    def clients(self) -> tuple[str, ...]:
        return tuple(note.value for note in self.notes if note.word == "client")


def id_of(text: str) -> str:
    """What GraphQL over HTTP calls the SHA256 hex document identifier."""
    return HASHED + hashlib.sha256(text.encode()).hexdigest()


def read_stored(folder: Path) -> list[Stored]:
    """The documents of a folder, by name. Raises SettingError where it cannot be read as one; what they ask is not
    looked at."""
    if not folder.is_dir():
        raise SettingError(f"There is no folder {folder} of stored documents. Make it, or name another")
    paths = sorted(path for path in folder.iterdir() if path.suffix == SUFFIX)
    if len(paths) > MOST:
        raise SettingError(f"{folder} has {len(paths):,} stored documents; {MOST:,} are kept. Remove some")
    return [read_document(path) for path in paths]


def read_document(path: Path) -> Stored:
    """The document in a file, called as the file is. Raises SettingError where that cannot be one."""
    if not NAME.fullmatch(path.stem):
        raise SettingError(
            f"{path} cannot be a stored document: the file is called as its operation is, as in ConditionPage{SUFFIX}"
        )
    text = read_text(path)
    return Stored(path.stem, text, path, id_of(text), tuple(notes_of(text)))


def read_text(path: Path) -> str:
    """The text of a file, to the byte. Raises SettingError."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
        if len(data) > LARGEST_FILE:
            raise SettingError(f"{path} has more than {LARGEST_FILE:,} bytes, so it is no document that is answered")
        return data.decode("utf-8")
    except OSError as error:
        raise SettingError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise SettingError(f"{path} is not UTF-8: byte {error.start + 1} does not fit") from None


def notes_of(text: str) -> Iterator[Note]:
    """What the comments at the top say. Those that say something else are for people."""
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            return
        if match := NOTE.fullmatch(line.strip()):
            yield Note(number, match[1], match[2])


def by_client(documents: Sequence[Stored]) -> str:
    """Who uses these documents, in words."""
    return ", ".join(dict.fromkeys(client for one in documents for client in one.clients))
