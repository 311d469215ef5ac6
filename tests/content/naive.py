"""Filters and orders worked out the long way, from the files' JSON alone, to hold content/select.py to.

Nothing of content/ is used but the names that can be asked for: every fact is looked up again in every file.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import cmp_to_key
from typing import Any

KINDS = ("condition", "symptom", "cause", "treatment", "caution")
SEVERITIES = ("CRITICAL", "WARNING", "INFO")
# Relation of a condition -> the kind at its other end, and what its edges say.
EDGES = {"symptoms": ("symptom", "frequency"), "causes": ("cause", "certainty"), "treatments": ("treatment", "line")}
INVERSE = {"BROADER": "NARROWER", "NARROWER": "BROADER", "OVERLAPS": "OVERLAPS"}
# Fields that are a plain value of the file.
PLAIN = {
    "kind": "kind",
    "nerve_function": "nerveFunction",
    "category": "category",
    "modifiable": "modifiable",
    "role": "role",
    "part_of_combined_plan": "partOfCombinedPlan",
    "severity": "severity",
    "strength": "strength",
    "must_display": "mustDisplay",
}


def bare(text: str) -> str:
    letters = [letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter)]
    return "".join(letters).casefold()


class Library:
    """The published entities of a content folder, as a view of `locales` (the first wins) shows them."""

    def __init__(self, files: Mapping[str, bytes], locales: Sequence[str]) -> None:
        documents = {path: json.loads(data) for path, data in files.items()}
        recalled = {recall["id"] for recall in documents["recalls.json"]["recalls"]}
        self.locales = locales
        self.entities: dict[str, dict[str, Any]] = {}
        for path, document in documents.items():
            folder, _, name = path.partition("/")
            kind = folder.removesuffix("s")
            if kind in KINDS and name.count(".") == 1:
                for other, translation in documents.items():
                    if other.startswith(f"{path.removesuffix('.json')}.") and other != path:
                        document["text"][translation["locale"]] = translation["text"]
                if document["state"] == "PUBLISHED" and f"{kind}/{document['id']}" not in recalled:
                    self.entities[f"{kind}/{document['id']}"] = document

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        return [document for key, document in self.entities.items() if key.startswith(f"{kind}/")]

    def seen(self, kind: str, name: str) -> list[dict[str, Any]]:
        """The entity with an id, or nothing."""
        return [self.entities[f"{kind}/{name}"]] if f"{kind}/{name}" in self.entities else []

    def text(self, document: dict[str, Any]) -> dict[str, Any]:
        texts = (document["text"].get(locale) for locale in self.locales)
        return next(text for text in texts if text and text["translation"]["status"] != "DRAFT")

    # --- What a thing has at a field: values, or (table, things) ------------------------------------------------------

    def values(self, table: str, thing: dict[str, Any], name: str) -> list[Any]:
        if table not in KINDS:
            return [thing[name]]
        if name in PLAIN:
            found = thing.get(PLAIN[name])
            return [] if found is None else [found]
        text = self.text(thing)
        return {
            "key": [thing["id"]],
            "slug": [text["slug"]],
            "name": [text["name"]],
            "summary": [text["summary"]],
            "alternate_name": [other["name"] for other in text["alternateNames"]],
            "aspect": [section["aspect"] for section in text["sections"]],
            "jurisdiction": thing["jurisdictions"],
            "audience": [thing["audience"]["type"]],
            "review_status": [thing["review"]["status"]],
        }[name]

    def elements(self, kind: str, thing: dict[str, Any], name: str) -> tuple[str, list[Any]]:
        if name == "codings":
            examples = [coding for example in thing.get("examples", []) for coding in example.get("codings", [])]
            return "coding", thing["codings"] + examples
        if name == "required_cautions":
            return "caution", self.all_seen("caution", thing["requiredCautions"])
        if name in EDGES:
            return self.edges(thing, name)
        if name == "conditions":
            return self.back_edges(kind, thing)
        return {"related_conditions": self.related, "parts": self.parts, "alternatives": self.alternatives}[name](thing)

    def all_seen(self, kind: str, names: Iterable[str]) -> list[dict[str, Any]]:
        return [found for name in names for found in self.seen(kind, name)]

    def edges(self, condition: dict[str, Any], name: str) -> tuple[str, list[Any]]:
        kind, says = EDGES[name]
        found = [{says: edge[says], kind: other} for edge in condition[name] for other in self.seen(kind, edge[kind])]
        return f"condition_{kind}", found

    def back_edges(self, kind: str, thing: dict[str, Any]) -> tuple[str, list[Any]]:
        [(name, says)] = [(name, says) for name, (other, says) in EDGES.items() if other == kind]
        found = [
            {says: edge[says], "condition": condition}
            for condition in self.of_kind("condition")
            for edge in condition[name]
            if edge[kind] == thing["id"]
        ]
        return f"{kind}_condition", found

    def related(self, condition: dict[str, Any]) -> tuple[str, list[Any]]:
        own = {edge["condition"]: edge["relation"] for edge in condition["relatedConditions"]}
        theirs = {
            other["id"]: INVERSE[edge["relation"]]
            for other in self.of_kind("condition")
            for edge in other["relatedConditions"]
            if edge["condition"] == condition["id"]
        }
        both = theirs | own
        found = [
            {"relation": both[name], "condition": other} for name in both for other in self.seen("condition", name)
        ]
        return "related_condition", found

    def parts(self, group: dict[str, Any]) -> tuple[str, list[Any]]:
        return "symptom", [part for part in self.of_kind("symptom") if part.get("partOf") == group["id"]]

    def alternatives(self, treatment: dict[str, Any]) -> tuple[str, list[Any]]:
        own = treatment.get("alternatives", [])
        found = [
            other
            for other in self.of_kind("treatment")
            if other["id"] in own or treatment["id"] in other.get("alternatives", [])
        ]
        return "treatment", found

    # --- Filters -----------------------------------------------------------------------------------------------------

    def holds(self, table: str, thing: dict[str, Any], criteria: Mapping[str, Any]) -> bool:
        return all(self.field_holds(table, thing, name, operand) for name, operand in criteria.items())

    def field_holds(self, table: str, thing: dict[str, Any], name: str, operand: Any) -> bool:
        if name == "and":
            return all(self.holds(table, thing, each) for each in operand)
        if name == "or":
            return any(self.holds(table, thing, each) for each in operand)
        if name == "not":
            return not self.holds(table, thing, operand)
        if table not in KINDS and name in KINDS:
            return self.holds(name, thing[name], operand)
        if set(operand) & {"some", "every", "none"} or name in ("codings", "required_cautions", "conditions", "parts"):
            below, things = self.elements(table, thing, name)
            return all(self.quantified(quantifier, below, things, each) for quantifier, each in operand.items())
        return all(asked(operator, wanted, self.values(table, thing, name)) for operator, wanted in operand.items())

    def quantified(self, quantifier: str, table: str, things: list[Any], criteria: Mapping[str, Any]) -> bool:
        passing = [thing for thing in things if self.holds(table, thing, criteria)]
        return {"some": passing != [], "every": len(passing) == len(things), "none": passing == []}[quantifier]

    def select(self, kind: str, criteria: Mapping[str, Any], order: Sequence[tuple[str, str]]) -> list[str]:
        """Ids of the entities that meet the criteria, in the order asked for."""
        found = [document for document in self.of_kind(kind) if self.holds(kind, document, criteria)]
        return [document["id"] for document in sorted(found, key=cmp_to_key(self.comparison(kind, order)))]

    # --- Orders ------------------------------------------------------------------------------------------------------

    def comparison(self, kind: str, order: Sequence[tuple[str, str]]) -> Any:
        usual = ("SEVERITY", "DISPLAY_ORDER", "KEY") if kind == "caution" else ("NAME", "KEY")
        steps = [*order, *((name, "ASC") for name in usual)]

        def compare(one: dict[str, Any], other: dict[str, Any]) -> int:
            for name, direction in steps:
                mine, yours = self.place(name, one), self.place(name, other)
                if mine != yours:
                    return (1 if mine > yours else -1) * (1 if direction == "ASC" else -1)
            return 0

        return compare

    def place(self, name: str, document: dict[str, Any]) -> Any:
        if name in ("NAME", "SLUG"):
            text = self.text(document)
            return bare(text["name"]) if name == "NAME" else text["slug"]
        if name == "SEVERITY":
            return SEVERITIES.index(document["severity"])
        return document["id"] if name == "KEY" else document["displayOrder"]


def asked(operator: str, wanted: Any, values: list[Any]) -> bool:
    match operator:
        case "eq":
            return wanted in values
        case "ne":
            return wanted not in values
        case "in":
            return set(values) & set(wanted) != set()
        case "not_in":
            return set(values) & set(wanted) == set()
        case "contains":
            return any(bare(wanted) in bare(value) for value in values)
        case "starts_with":
            return any(bare(value)[: len(bare(wanted))] == bare(wanted) for value in values)
        case "exists":
            return (len(values) > 0) == wanted
    raise AssertionError(operator)
