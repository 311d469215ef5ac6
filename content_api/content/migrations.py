"""From the content model of an older version to today's: what content was written for, and how it is read all the same.

A model that changes makes no version of the content unreadable, so it leads a step from what it was. The steps
are taken in memory, between reading JSON and validating it, and by `content-api migrate`, which writes the files anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from content_api.content.layout import FileKind


@dataclass(frozen=True, slots=True)
class Migration:
    """A step from one model version to the next."""

    renamed: Mapping[FileKind, Mapping[str, str]]
    """Kind of file -> name of a field at its top -> the name it has from the next version on."""


# In order, the first from model version 1 to 2. A step is never changed: old versions of the content need it for ever.
# Steps are data and not functions, so that one row reads old content, finds the line of a problem in the old file,
# tells an editor what a field is called now, and writes the files anew. docs/how-to/change-the-model.md adds one.
MIGRATIONS: tuple[Migration, ...] = (
    # `history` is, on every entity, which versions changed it. That of a treatment is where it comes from.
    Migration(renamed={FileKind.TREATMENT: {"history": "background"}}),
)

MODEL_VERSION = len(MIGRATIONS) + 1
"""The content model that the models of this package describe."""


class Stray(NamedTuple):
    """A field of a newer model in content of an older one."""

    name: str
    """As the file has it."""
    proper: str
    """What it is called in the model version that the content names."""
    since: int


@dataclass(frozen=True, slots=True)
class Written:
    """How a file is written: its kind, and the model version of the content that it belongs to."""

    kind: FileKind
    model: int = MODEL_VERSION
    steps: tuple[Migration, ...] = MIGRATIONS

    def today(self, document: Any) -> tuple[Any, list[Stray]]:
        """The parsed JSON of the file as it would be written today, and what stood in it that did not belong there."""
        strays: list[Stray] = []
        if not isinstance(document, dict):
            return document, strays  # no file of any model: validating it says so
        for since, names in self.renamings():
            for old, new in names.items():
                if new in document:
                    strays.append(Stray(self.name(new, since - 1), self.name(old, since - 1), since))
            document = {names.get(name, name): value for name, value in document.items() if name not in names.values()}
        return document, strays

    def name(self, name: str, model: int | None = None) -> str:
        """What the file calls a field at its top that is called so in a model version; in today's, if none is given."""
        for since, names in reversed(list(self.renamings())):
            if model is None or since <= model:
                name = next((old for old, new in names.items() if new == name), name)
        return name

    def pointer(self, pointer: str) -> str:
        """Where in the file stands what today's model has at a JSON pointer."""
        top, slash, rest = pointer[1:].partition("/")
        return f"/{self.name(top)}{slash}{rest}" if pointer else pointer

    def renamed(self, name: str) -> tuple[str, int] | None:
        """What a field at the top of the file was renamed to, and in which model version, before the content's own."""
        found = None
        for since, migration in enumerate(self.steps[: self.model - 1], start=2):
            new = migration.renamed.get(self.kind, {}).get(name)
            if new is not None:
                name, found = new, (new, since)
        return found

    def renamings(self) -> Iterator[tuple[int, Mapping[str, str]]]:
        """(model version that a step leads to, what it renames here) of every step ahead that renames something."""
        for since, migration in enumerate(self.steps[self.model - 1 :], start=self.model + 1):
            if names := migration.renamed.get(self.kind):
                yield since, names
