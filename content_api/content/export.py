"""The JSON Schemas of content files, for editors' tools: what each field is for, and what every value of an enum means.

A tool that heeds them completes names, shows descriptions and underlines mistakes while an editor types. They say what
one file may hold; what holds between files (references, slugs, redirects) only `content-api check` can say.
"""

from __future__ import annotations

import ast
import inspect
import json
import sys
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import core_schema

from content_api.content.fields import Described
from content_api.content.layout import FileKind
from content_api.content.parse import MODELS

MEANINGS = "enumDescriptions"  # VS Code shows them beside the values


def content_schemas() -> dict[str, str]:
    """File name -> JSON Schema, one for each kind of content file. Files name theirs by `$schema`."""
    return {f"{kind}.schema.json": _as_text(content_schema(kind)) for kind in FileKind}


def content_schema(kind: FileKind) -> dict[str, Any]:
    """The schema of one kind of file. Its `$id` is relative, as nobody promises to serve it at any address."""
    schema = TypeAdapter(MODELS[kind]).json_schema(schema_generator=_ForEditors)
    return {"$schema": _ForEditors.schema_dialect, "$id": f"{kind}.schema.json"} | schema


def purposes(model: type) -> Iterator[tuple[str, str]]:
    """(field, the docstring below it) of a model and its bases in this package.

    Pydantic can read these too (`use_attribute_docstrings`), but does so whenever the models are imported, which takes
    a twentieth of the time that a server has to start.
    """
    for part in reversed(model.__mro__):
        if part.__module__.startswith("content_api."):
            for field, text in pairwise(_classes(part.__module__)[part.__name__].body):
                match field, text:
                    case ast.AnnAssign(target=ast.Name(name)), ast.Expr(ast.Constant(str(purpose))):
                        yield name, inspect.cleandoc(purpose)


@cache
def _classes(module: str) -> dict[str, ast.ClassDef]:
    """The classes at the top of a module, by name. To read the module again for each of them would take two seconds."""
    definitions = ast.parse(inspect.getsource(sys.modules[module])).body
    return {each.name: each for each in definitions if isinstance(each, ast.ClassDef)}


class _ForEditors(GenerateJsonSchema):
    """Pydantic's schemas, with the meaning of enum values and without titles that only repeat a field's name."""

    def generate(self, schema: core_schema.CoreSchema, mode: JsonSchemaMode = "validation") -> JsonSchemaValue:
        """Put what the values of enums mean into words too: few tools know the keyword for it."""
        generated = super().generate(schema, mode)
        for definition in generated.get("$defs", {}).values():
            if MEANINGS in definition:
                pairs = zip(definition["enum"], definition[MEANINGS], strict=True)
                lines = "\n".join(f"- `{name}`: {meaning}" for name, meaning in pairs)
                definition["description"] = "\n\n".join(filter(None, (definition.get("description"), lines)))
        return generated

    def enum_schema(self, schema: core_schema.EnumSchema) -> JsonSchemaValue:
        meanings = [member.description for member in schema["members"] if isinstance(member, Described)]
        return super().enum_schema(schema) | {MEANINGS: meanings}

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """Refuse keys that are not of the form given; pydantic leaves them to themselves."""
        described = super().dict_schema(schema)
        return described | {"additionalProperties": False} if "patternProperties" in described else described

    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> JsonSchemaValue:
        """Say what each field is for, then how its type is written.

        Pydantic itself drops what is said of a field where its type is described too, or a base class has it.
        """
        described = super().dataclass_schema(schema)
        fields = schema["cls"].__pydantic_fields__
        for name, purpose in purposes(schema["cls"]):
            field = described["properties"][fields[name].alias or name]
            form = field.get("description")
            field["description"] = f"{purpose} {form}" if form and form != purpose else purpose
        return described

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def _as_text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
