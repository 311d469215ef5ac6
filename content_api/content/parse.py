"""From the bytes of one file to its model, or to the problems that keep it from being one.

The good road is short: jiter refuses what JSON parsers accept in silence (duplicate keys, deep nesting), pydantic makes
the model of what jiter has read; or of the bytes, where they were looked at before. (To do both here would be to read
them twice: a third slower.) Only a file that is refused is looked at again, slowly, to say what is wrong and where.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import TypeAdapter

from content_api.content.diagnosis import read_json, what_is_wrong
from content_api.content.layout import FileKind, Place
from content_api.content.locate import locator
from content_api.content.migrations import MODEL_VERSION, Written
from content_api.content.models import (
    Cause,
    Caution,
    Condition,
    EntityTranslation,
    Person,
    Recalls,
    Redirects,
    Site,
    Source,
    Symptom,
    Treatment,
)
from content_api.content.problems import Problem

MODELS: dict[FileKind, Any] = {
    FileKind.SITE: Site,
    FileKind.REDIRECTS: Redirects,
    FileKind.RECALLS: Recalls,
    FileKind.CONDITION: Condition,
    FileKind.SYMPTOM: Symptom,
    FileKind.CAUSE: Cause,
    FileKind.TREATMENT: Treatment,
    FileKind.CAUTION: Caution,
    FileKind.TRANSLATION: EntityTranslation,
    FileKind.SOURCE: Source,
    FileKind.PERSON: Person,
}
ADAPTERS: dict[FileKind, TypeAdapter[Any]] = {kind: TypeAdapter(model) for kind, model in MODELS.items()}


def parse(
    path: str, place: Place, data: bytes, model: int = MODEL_VERSION, *, strict: bool = False
) -> tuple[Any, Iterator[Problem]]:
    """(value, nothing) or (None, problems) for the bytes of the file at `path`, in content of a model version.

    `strict` says that these bytes are known to be what `read_json` accepts. Problems are looked for as they are asked
    for: of a thousand broken files, nobody reads more than the first.
    """
    try:
        if strict and model == MODEL_VERSION:
            value = ADAPTERS[place.kind].validate_json(data)
        else:
            value = ADAPTERS[place.kind].validate_python(document_of(place, data, model))
    except ValueError:
        return None, what_is_wrong(path, ADAPTERS[place.kind], data, Written(place.kind, model))
    return (value, iter(())) if identified(place, value) else (None, identity_problems(path, place, value, data))


def document_of(place: Place, data: bytes, model: int) -> Any:
    """JSON as today's model would have it written. Raises ValueError for what is no JSON, or has strays of a model."""
    document = read_json(data)
    if model != MODEL_VERSION:
        document, strays = Written(place.kind, model).today(document)
        if strays:
            raise ValueError("fields that this model does not have")
    return document


def identified(place: Place, value: Any) -> bool:
    """Whether a file says of itself what its path says of it."""
    return bool(
        (not place.id or value.id == place.id)
        and (not place.locale or value.locale == place.locale)
        and value.schema_.rpartition("/")[2] == f"{place.kind}.schema.json"
    )


def identity_problems(path: str, place: Place, value: Any, data: bytes) -> Iterator[Problem]:
    """A file must say the id (and locale) that its name says, and name the schema of its kind."""
    locate = locator(path, data)
    if place.id and value.id != place.id:
        other = f"{path.partition('/')[0]}/{value.id}.json"
        found = f"The id is `{value.id}`, which belongs to {other}, but the file is {path}"
        yield locate("/id", "id_is_file_name", found, f"The id must be `{place.id}`")
    if place.locale and value.locale != place.locale:
        expected = f"The locale must be `{place.locale}`"
        yield locate("/locale", "id_is_file_name", f"The locale is `{value.locale}`, but the file is {path}", expected)
    name = value.schema_.rpartition("/")[2]
    if name != f"{place.kind}.schema.json":
        expected = f"Expected a path that ends in `{place.kind}.schema.json`"
        yield locate("/$schema", "schema_named", f"The file names the schema `{name}`", expected)
