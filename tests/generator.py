"""Valid content in any amount, the same for the same arguments: for benches and properties. Nothing in it is true.

Its files have the shape of the shipped ones: two or three sections with text for three channels, codings, citations,
items and references, 2 to 4 kB each. Every entity but a caution requires one to three cautions, which are spread
evenly, so that no caution applies to more entities than there are to each caution, times three.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

import orjson

ADJECTIVES = ("amber", "brisk", "calm", "dusky", "early", "faint", "gentle", "hollow", "idle", "jolly", "mild", "odd")
PARTS = ("ankle", "back", "chest", "ear", "elbow", "eye", "foot", "hand", "heel", "hip", "knee", "neck", "toe", "wrist")
THINGS = ("ache", "blush", "chill", "dream", "echo", "flutter", "glow", "hum", "itch", "jolt", "numbness", "prickle")
SUBJECTS = ("Some people", "Many people", "A few people", "Children", "People who work at night", "Nobody here")
VERBS = ("notice", "describe", "expect", "forget", "remember", "draw", "name")
OBJECTS = ("a warm feeling", "a cold draught", "a soft noise", "a slow change", "a small light", "an odd taste")
TIMES = ("in the morning", "after a walk", "before a meal", "at the weekend", "when it rains", "late at night")

ASPECTS = ("OVERVIEW", "LIVING_WITH", "SEE_DOCTOR")
HEADINGS = ("What it is", "Everyday life", "When to ask for help")
CODES = (("ICD_10", "G{:05d}"), ("MESH", "D{:07d}"), ("HPO", "HP:{:07d}"))
SOURCES = 40


def generate(
    count: int = 1_000,
    seed: int = 0,
    *,
    conditions: int | None = None,
    symptoms: int | None = None,
    causes: int | None = None,
    treatments: int | None = None,
    cautions: int | None = None,
) -> dict[str, bytes]:
    """Path -> bytes of `count` entities, a fifth of each kind, and the files around them, sorted by path.

    A kind that is given its own number has that many instead: `generate(conditions=10_000)` has 10,800 entities.
    """
    share = count // 5
    numbers = {
        "condition": count - 4 * share if conditions is None else conditions,
        "symptom": share if symptoms is None else symptoms,
        "cause": share if causes is None else causes,
        "treatment": share if treatments is None else treatments,
        "caution": share if cautions is None else cautions,
    }
    random = Random(seed)
    prose = Prose(random)
    ids = {kind: [prose.id(kind, index) for index in range(number)] for kind, number in numbers.items()}
    documents = linked(ids, prose, random)
    found = {f"{kind}s/{content['id']}.json": as_bytes(content) for kind, content in documents}
    return dict(sorted((found | around()).items()))


def as_bytes(content: Any) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n"


# --- Words -----------------------------------------------------------------------------------------------------------


class Prose:
    """Made-up words: one or two sentences from a stock, since making each anew would take most of the time."""

    def __init__(self, random: Random) -> None:
        self._random = random
        single = [
            f"{random.choice(SUBJECTS)} {random.choice(VERBS)} {random.choice(OBJECTS)} {random.choice(TIMES)}."
            for _ in range(2_000)
        ]
        self._stock = {1: single, 2: [f"{random.choice(single)} {random.choice(single)}" for _ in single]}

    def id(self, kind: str, index: int) -> str:
        """Unique in its kind by its number; names are of few words, so that searches find many."""
        words = self._random.choice(ADJECTIVES), self._random.choice(PARTS), self._random.choice(THINGS)
        return f"{'-'.join(words)}-{index}"

    def sentences(self, count: int) -> str:
        stock = self._stock[count]
        return stock[int(self._random.random() * len(stock))]


# --- What refers to what ---------------------------------------------------------------------------------------------


def linked(ids: Mapping[str, Sequence[str]], prose: Prose, random: Random) -> Iterator[tuple[str, dict[str, Any]]]:
    """(kind, document) of every entity, with random references and the cautions of each in turn."""
    applies: dict[str, list[str]] = {caution: [] for caution in ids["caution"]}
    turn = 0

    def some(kind: str, most: int) -> list[str]:
        return sorted(set(random.choices(ids[kind], k=random.randint(1, most)))) if ids[kind] else []

    def cautions(kind: str, id: str) -> list[str]:
        nonlocal turn
        names = [
            ids["caution"][(turn + step) % len(applies)] for step in range(min(random.randint(1, 3), len(applies)))
        ]
        turn += len(names)
        for name in names:
            applies[name].append(f"{kind}/{id}")
        return names

    for index, id in enumerate(ids["condition"]):
        broader = [random.choice(ids["condition"][:index])] if index % 4 == 1 else []
        links = {"symptoms": some("symptom", 4), "causes": some("cause", 3), "treatments": some("treatment", 3)}
        yield "condition", condition(id, index, prose, cautions("condition", id), broader=broader, **links)
    groups = ids["symptom"][::10]
    for index, id in enumerate(ids["symptom"]):
        group = groups[index // 10] if index % 10 else None
        yield "symptom", symptom(id, index, prose, cautions("symptom", id), part_of=group)
    for index, id in enumerate(ids["cause"]):
        of = random.choice(ids["condition"]) if ids["condition"] and index % 5 == 0 else None
        yield "cause", cause(id, index, prose, cautions("cause", id), condition=of)
    for index, id in enumerate(ids["treatment"]):
        alternatives = [other for other in some("treatment", 2) if other != id]
        yield "treatment", treatment(id, index, prose, cautions("treatment", id), alternatives=alternatives)
    for index, id in enumerate(ids["caution"]):
        yield "caution", caution(id, index, prose, applies[id])


# --- Documents -------------------------------------------------------------------------------------------------------


def condition(
    id: str,
    index: int,
    prose: Prose,
    cautions: Sequence[str] = (),
    *,
    symptoms: Sequence[str] = (),
    causes: Sequence[str] = (),
    treatments: Sequence[str] = (),
    broader: Sequence[str] = (),
) -> dict[str, Any]:
    return {
        **common("condition", id, index, prose, 2, cautions, [f"symptom/{name}" for name in symptoms]),
        "kind": ("DISEASE", "PAIN_STATE", "SYNDROME")[index % 3],
        "symptoms": [{"symptom": name, "frequency": ("COMMON", "SOME", "NOT_STATED")[index % 3]} for name in symptoms],
        "causes": [{"cause": name, "certainty": ("CAN_CAUSE", "SOMETIMES")[index % 2]} for name in causes],
        "treatments": [{"treatment": name, "line": ("FIRST", "NOT_FIRST")[index % 2]} for name in treatments],
        "relatedConditions": [{"condition": name, "relation": "BROADER"} for name in broader],
    }


def symptom(
    id: str, index: int, prose: Prose, cautions: Sequence[str] = (), *, part_of: str | None = None
) -> dict[str, Any]:
    return {
        **common("symptom", id, index, prose, 2, cautions),
        "kind": "SYMPTOM" if part_of else "GROUP",
        "nerveFunction": ("SENSORY", "MOTOR", "AUTONOMIC", None)[index % 4],
        "timing": {**item("timing", prose), "patterns": [("CONSTANT", "INTERMITTENT")[index % 2]]},
        "impacts": [item("impact-1", prose), item("impact-2", prose)],
        "partOf": part_of,
    }


def cause(
    id: str, index: int, prose: Prose, cautions: Sequence[str] = (), *, condition: str | None = None
) -> dict[str, Any]:
    return {
        **common("cause", id, index, prose, 2, cautions),
        "category": ("METABOLIC", "INJURY", "INFECTIOUS", "TOXIC")[index % 4],
        "examples": [item("example-1", prose), {**item("example-2", prose), "condition": condition}],
        "mechanism": [{**item("mechanism", prose), "certainty": "HYPOTHESIS"}],
        "modifiable": ("YES", "PARTLY", "NO", "NOT_STATED")[index % 4],
    }


def treatment(
    id: str, index: int, prose: Prose, cautions: Sequence[str] = (), *, alternatives: Sequence[str] = ()
) -> dict[str, Any]:
    return {
        **common("treatment", id, index, prose, 2, cautions),
        "kind": ("DRUG", "DRUG_CLASS", "PROCEDURE", "THERAPY", "LIFESTYLE")[index % 5],
        "role": ("FIRST_LINE", "NOT_FIRST_LINE", "NOT_STATED")[index % 3],
        "partOfCombinedPlan": index % 2 == 0,
        "mechanism": [{**item("mechanism", prose), "certainty": "HYPOTHESIS"}],
        "sideEffects": [item("side-effect-1", prose), item("side-effect-2", prose)],
        "limits": [item("limit", prose)],
        "alternatives": list(alternatives),
    }


def caution(id: str, index: int, prose: Prose, applies_to: Sequence[str] = ()) -> dict[str, Any]:
    return {
        **common("caution", id, index, prose, 1, ()),
        "kind": ("PRECAUTION", "SCREENING", "MONITORING", "SETTING")[index % 4],
        "strength": ("MUST", "SHOULD", "INFORMATION")[index % 3],
        "severity": ("CRITICAL", "WARNING", "INFO")[index % 3],
        "action": item("action", prose),
        "appliesTo": list(applies_to),
        "trigger": item("trigger", prose),
        "mustDisplay": index % 3 == 0,
        "displayOrder": index % 1_000,
    }


def common(
    kind: str,
    id: str,
    index: int,
    prose: Prose,
    sections: int,
    cautions: Sequence[str],
    linked_to: Sequence[str] = (),
) -> dict[str, Any]:
    """The fields that every entity has. Its first section links to the first of `linked_to`."""
    name = id.replace("-", " ").capitalize()
    keys = [f"section-{number}" for number in range(sections)]
    return {
        "$schema": f"../../schema/content/{kind}.schema.json",
        "id": id,
        "state": "PUBLISHED",
        "audience": {"type": "PATIENT"},
        "jurisdictions": ["*"],
        "text": {
            "en": {
                "slug": id,
                "name": name,
                "summary": prose.sentences(2)[:200],
                "alternateNames": [{"name": f"{name} in other words", "relation": "SYNONYM", "statements": ["F1"]}],
                "sections": [section(number, key, prose, linked_to[:1]) for number, key in enumerate(keys)],
                "translation": {"status": "SOURCE"},
                "statements": ["F1", "F2"],
            }
        },
        "codings": [coding(system, pattern.format(index), name) for system, pattern in CODES[: 1 + index % 3]],
        "citations": [{"source": f"source-{index % SOURCES}", "supports": keys, "role": "DERIVED_FROM"}],
        "review": {
            "status": "NOT_CLINICALLY_REVIEWED",
            "lastReviewedOn": None,
            "nextReviewDueOn": None,
            "reviewers": [],
        },
        "requiredCautions": list(cautions),
    }


def section(number: int, key: str, prose: Prose, linked_to: Sequence[str]) -> dict[str, Any]:
    links = [f" See [there](ref:{target})." for target in linked_to if number == 0]
    return {
        "key": key,
        "aspect": ASPECTS[number],
        "heading": HEADINGS[number],
        "channels": {
            "web": {"format": "MARKDOWN", "body": f"{prose.sentences(2)}{''.join(links)}\n\n- {prose.sentences(1)}"},
            "app": {"format": "PLAIN", "body": prose.sentences(2)},
            "chatbot": {"format": "PLAIN", "body": prose.sentences(1)},
        },
        "statements": ["F1"],
    }


def item(key: str, prose: Prose) -> dict[str, Any]:
    return {"key": key, "text": {"en": prose.sentences(1)}, "statements": ["F2"]}


def coding(system: str, code: str, display: str) -> dict[str, Any]:
    return {
        "system": system,
        "systemVersion": "made up",
        "code": code,
        "display": display,
        "match": "EXACT",
        "verified": {"status": "TO_BE_CONFIRMED", "source": "Made up for tests", "on": None},
    }


def around() -> dict[str, bytes]:
    """The files that are no entities."""
    documents: dict[str, Any] = {
        "site.json": site(),
        "redirects.json": {"$schema": "../schema/content/redirects.schema.json", "redirects": []},
        "recalls.json": {"$schema": "../schema/content/recalls.schema.json", "recalls": []},
    }
    for number in range(SOURCES):
        documents[f"sources/source-{number}.json"] = {
            "$schema": "../../schema/content/source.schema.json",
            "id": f"source-{number}",
            "type": "SYSTEMATIC_REVIEW",
            "title": f"A review that does not exist, part {number}",
            "conflictOfInterest": "NONE_FOUND",
            "seenAs": "ORIGINAL",
        }
    return {path: as_bytes(content) for path, content in documents.items()}


def site() -> dict[str, Any]:
    return {
        "$schema": "../schema/content/site.schema.json",
        "modelVersion": 2,
        "publisher": {"name": "Nobody"},
        "licence": {"name": "Test data"},
        "attribution": {"en": "Made up."},
        "disclaimer": {"en": "Nothing here is true."},
        "defaultLocale": "en",
        "locales": {"en": {"name": "English"}},
        "channels": {
            "web": {"format": "MARKDOWN", "maxLength": 4000, "fallback": ["app"]},
            "app": {"format": "PLAIN", "maxLength": 600, "fallback": ["chatbot"]},
            "chatbot": {"format": "PLAIN", "maxLength": 300, "fallback": ["app"]},
        },
    }
