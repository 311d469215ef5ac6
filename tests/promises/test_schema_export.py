"""What schema/ holds, and pages of docs/reference/ show, is what the code says; content files can rely on it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from content_api.cli import COMMANDS, main
from content_api.content.export import content_schemas
from content_api.content.fields import EntityKind, HealthAspect
from content_api.content.layout import FileKind, place_of
from content_api.settings import Settings, variable
from tests import world
from tests.live import ROOT

KINDS = [f"{kind}.schema.json" for kind in FileKind]
FILES = sorted((*(ROOT / "content").rglob("*.json"), *(ROOT / "tests/world/content").rglob("*.json")))
MOON = "conditions/moon-hiccups.json"


@cache
def exported() -> dict[str, Any]:
    """File name -> schema. Made when it is wanted: whoever runs other tests need not wait for it."""
    return {name: json.loads(text) for name, text in content_schemas().items()}


def validator(kind: FileKind) -> Draft202012Validator:
    return Draft202012Validator(exported()[f"{kind}.schema.json"], format_checker=Draft202012Validator.FORMAT_CHECKER)


def test_exported_files_are_what_the_code_says(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.chdir(ROOT)
    with pytest.raises(SystemExit) as ended:
        main(["export", "--check"])
    assert not ended.value.code, capsys.readouterr().out


def test_exports_are_the_same_each_time():
    assert content_schemas() == content_schemas()


def test_there_is_a_schema_for_each_kind_of_file_and_no_other():
    assert {path.name for path in (ROOT / "schema/content").iterdir()} == set(exported()) == set(KINDS)


@pytest.mark.parametrize("name", KINDS)
def test_each_schema_is_a_schema_and_says_which(name: str):
    schema = exported()[name]
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == name
    assert schema["title"]
    assert schema["description"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_each_content_file_names_the_exported_schema_of_its_kind_and_fits_it(path: Path):
    content = json.loads(path.read_bytes())
    below = path.relative_to(ROOT / "content" if path.is_relative_to(ROOT / "content") else world.FOLDER)
    kind = place_of(below.as_posix()).kind
    assert (path.parent / content["$schema"]).resolve() == ROOT / f"schema/content/{kind}.schema.json"
    validator(kind).validate(content)


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/state", "DONE"),
        ("/kind", "BOOK"),
        ("/symptom", []),
        ("/audience", world.REMOVED),
        ("/jurisdictions", []),
        ("/symptoms/0/symptom", "Not A Slug"),
        ("/text/en/summary", "x" * 201),
        ("/text/ENGLISH", {}),
        ("/review/lastReviewedOn", "yesterday"),
    ],
)
def test_a_schema_refuses_what_loading_would_refuse(pointer: str, value: object):
    broken = json.loads(world.edited({MOON: {pointer: value}})[MOON])
    assert list(validator(FileKind.CONDITION).iter_errors(broken))


def test_an_editor_is_told_what_each_value_of_an_enum_means():
    aspect = exported()["condition.schema.json"]["$defs"]["HealthAspect"]
    assert aspect["enum"] == list(HealthAspect)
    assert aspect["enumDescriptions"] == [value.description for value in HealthAspect]
    assert f"- `SAFETY`: {HealthAspect.SAFETY.description}" in aspect["description"]


@pytest.mark.parametrize("kind", EntityKind)
def test_an_editor_is_told_what_a_field_is_for_wherever_the_code_says_it(kind: EntityKind):
    fields = exported()[f"{kind}.schema.json"]["properties"]
    assert fields["requiredCautions"]["description"].startswith("Cautions that must never be left out")
    assert fields["id"]["description"].startswith("The file's name without `.json`. Never changed, never used again.")
    assert "as in `phantom-limb-pain`" in fields["id"]["description"]


def test_every_setting_and_command_is_in_the_reference():
    settings = (ROOT / "docs/reference/settings.md").read_text()
    assert [name for name in Settings.model_fields if f"| `{variable(name)}` |" not in settings] == []
    commands = (ROOT / "docs/reference/cli.md").read_text()
    assert [name for name in COMMANDS if f"## content-api {name}\n" not in commands] == []
