"""docs/reference/facts.md and the content: every fact is told, none is told as more than it is."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
KINDS = {
    "conditions": "condition",
    "symptoms": "symptom",
    "causes": "cause",
    "treatments": "treatment",
    "cautions": "caution",
}
ROW = re.compile(r"^\| ([FEL]\d+) \| (.+) \| (usable|loose|promotional|editorial|wording) \| (.+) \|$", re.MULTILINE)


class Fact(NamedTuple):
    mark: str
    where: frozenset[str]


class Use(NamedTuple):
    """One place that names a fact."""

    fact: str
    entity: str
    pointer: str
    attributed_to: str | None


def facts() -> dict[str, Fact]:
    text = (ROOT / "docs/reference/facts.md").read_text(encoding="utf-8")
    return {
        name: Fact(mark, frozenset(re.findall(r"`((?:condition|symptom|cause|treatment|caution)/[a-z0-9-]+)`", where)))
        for name, _, mark, where in ROW.findall(text)
    }


def entities() -> dict[str, Any]:
    return {
        f"{KINDS[path.parent.name]}/{path.stem}": json.loads(path.read_text(encoding="utf-8"))
        for path in sorted((ROOT / "content").glob("*/*.json"))
        if path.parent.name in KINDS
    }


def objects(value: Any, pointer: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every JSON object in a value, with its pointer."""
    if isinstance(value, dict):
        yield pointer, value
        for name, part in value.items():
            yield from objects(part, f"{pointer}/{name}")
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from objects(part, f"{pointer}/{index}")


def uses() -> list[Use]:
    """An attribution covers what stands beside it, not what stands below."""
    return [
        Use(name, key, pointer, part.get("attributedTo"))
        for key, entity in entities().items()
        for pointer, part in objects(entity, key)
        for name in part.get("statements", ())
    ]


@pytest.fixture(scope="module", name="table")
def _table() -> dict[str, Fact]:
    return facts()


@pytest.fixture(scope="module", name="named")
def _named() -> list[Use]:
    return uses()


def test_the_table_has_every_fact_once(table: dict[str, Fact]) -> None:
    expected = [*(f"F{n}" for n in range(1, 98)), *(f"E{n}" for n in range(1, 7)), *(f"L{n}" for n in range(1, 18))]
    assert list(table) == expected


def test_every_usable_loose_and_editorial_fact_is_told_somewhere(table: dict[str, Fact], named: list[Use]) -> None:
    told = {use.fact for use in named}
    needed = {name for name, fact in table.items() if fact.mark in ("usable", "loose", "editorial")}
    assert sorted(needed - told) == []


def test_a_promotional_fact_is_told_only_as_somebodys_claim(table: dict[str, Fact], named: list[Use]) -> None:
    promotional = {name for name, fact in table.items() if fact.mark == "promotional"}
    assert [use for use in named if use.fact in promotional and use.attributed_to is None] == []


def test_dosing_advice_and_advertising_are_told_nowhere(named: list[Use]) -> None:
    assert [use for use in named if use.fact in ("F70", "F71", "F92", "F96")] == []


def test_content_names_only_facts_of_the_table(table: dict[str, Fact], named: list[Use]) -> None:
    assert [use for use in named if use.fact not in table] == []


def test_a_row_names_only_entities_that_carry_its_fact(table: dict[str, Fact], named: list[Use]) -> None:
    carried = {(use.fact, use.entity) for use in named}
    claimed = {(name, entity) for name, fact in table.items() for entity in fact.where}
    assert sorted(claimed - carried) == []


def test_every_section_and_item_names_its_facts() -> None:
    parts = [found for key, entity in entities().items() for found in objects(entity, key)]
    assert [pointer for pointer, part in parts if "key" in part and not part.get("statements")] == []


# A review by a clinician is a great day for this project: then this test gives way to one about real reviewers.
def test_nothing_pretends_to_have_been_reviewed() -> None:
    unreviewed: dict[str, Any] = {
        "status": "NOT_CLINICALLY_REVIEWED",
        "lastReviewedOn": None,
        "nextReviewDueOn": None,
        "reviewers": [],
    }
    assert [key for key, entity in entities().items() if entity["review"] != unreviewed] == []
    assert list((ROOT / "content").glob("people/*.json")) == []


def test_no_code_pretends_to_have_been_confirmed() -> None:
    parts = [found for key, entity in entities().items() for found in objects(entity, key)]
    codings = [(pointer, part["verified"]) for pointer, part in parts if "verified" in part]
    assert codings
    assert [
        pointer
        for pointer, verified in codings
        if verified["status"] != "TO_BE_CONFIRMED" or verified["on"] is not None
    ] == []
