"""Edges: references that carry data of their own, walked from either end.

`Condition.symptoms` says how often each symptom occurs; the same edge seen from the symptom is `Symptom.conditions`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from content_api.content.fields import EntityKind
from content_api.content.models import Condition, ConditionRelation
from content_api.content.view import Shown

CONDITION, SYMPTOM, CAUSE, TREATMENT, _ = EntityKind


@dataclass(frozen=True, slots=True, eq=False)
class Edge:
    """The data of an edge, as the file gives it, and the entity at its other end. It equals itself alone, so that
    filters find it at once among others."""

    data: Any
    other: Shown


@dataclass(frozen=True, slots=True)
class EdgeKind:
    """A list of a condition whose items refer to another entity."""

    relation: str
    to: EntityKind
    items: Callable[[Any], Sequence[Any]]
    target: Callable[[Any], str]


SYMPTOMS = EdgeKind("symptoms", SYMPTOM, lambda condition: condition.symptoms, lambda item: item.symptom)
CAUSES = EdgeKind("causes", CAUSE, lambda condition: condition.causes, lambda item: item.cause)
TREATMENTS = EdgeKind("treatments", TREATMENT, lambda condition: condition.treatments, lambda item: item.treatment)


def edges(shown: Shown, kind: EdgeKind) -> list[Edge]:
    """Edges of a condition whose other end can be seen, in the order of the file."""
    show, prefix, target = shown.view.show, f"{kind.to}/", kind.target
    found = [(item, show(prefix + target(item))) for item in kind.items(shown.entity)]
    return [Edge(item, other) for item, other in found if other is not None]


def back_edges(shown: Shown, kind: EdgeKind) -> list[Edge]:
    """The same edges from their other end: the conditions that can be seen and name this entity, by name."""
    name = shown.entity.id
    return [
        Edge(item, condition)
        for condition in shown.view.referrers(shown, kind.relation, CONDITION)
        for item in kind.items(condition.entity)
        if kind.target(item) == name
    ]


@dataclass(frozen=True, slots=True, eq=False)
class Related:
    """A condition related to another, and how. It equals itself alone, as an edge does."""

    relation: ConditionRelation
    other: Shown


INVERSE = {
    ConditionRelation.BROADER: ConditionRelation.NARROWER,
    ConditionRelation.NARROWER: ConditionRelation.BROADER,
    ConditionRelation.OVERLAPS: ConditionRelation.OVERLAPS,
}


def related_conditions(shown: Shown) -> list[Related]:
    """Conditions related to one, whichever of the two files says so: first its own list, then the others by name."""
    own = shown.entity
    assert isinstance(own, Condition)
    listed = {related.condition: related.relation for related in own.related_conditions}
    for other in shown.view.referrers(shown, "related_conditions", CONDITION):
        assert isinstance(other.entity, Condition)
        relation = next(r.relation for r in other.entity.related_conditions if r.condition == own.id)
        listed.setdefault(other.entity.id, INVERSE[relation])
    found = ((relation, shown.view.show(f"condition/{name}")) for name, relation in listed.items())
    return [Related(relation, other) for relation, other in found if other is not None]


def parts(shown: Shown) -> list[Shown]:
    """The symptoms that are part of a group."""
    return shown.view.referrers(shown, "part_of", SYMPTOM)


def alternatives(shown: Shown) -> list[Shown]:
    """Treatments considered for the same purpose: those this one names, then those that name this one, each once."""
    named = shown.view.show_all(f"{TREATMENT}/", getattr(shown.entity, "alternatives", ()))
    naming = shown.view.referrers(shown, "alternatives", TREATMENT)
    return list({other.key: other for other in (*named, *naming)}.values())


def applies_to(shown: Shown) -> list[Shown]:
    """What a caution applies to and can be seen, in the order of the file."""
    return shown.view.show_all("", getattr(shown.entity, "applies_to", ()))
