"""What an entity refers to, and by what it is found. Rules, indexes and back references all read the one table here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from sys import intern
from typing import Any, NamedTuple

from content_api.content import markdown
from content_api.content.fields import Coding, EntityKind
from content_api.content.models import Cause, Entity

CONDITION, SYMPTOM, CAUSE, TREATMENT, CAUTION = EntityKind


@dataclass(frozen=True, slots=True)
class Relation:
    """A field that refers to entities. `kind` is None where the reference names its kind itself (`kind/id`)."""

    name: str
    kind: EntityKind | None
    targets: Callable[[Any], tuple[str | None, ...]]
    """The ids at that field, in the order of the file; None where an optional one is not given."""
    pointer: str
    """JSON pointer of one reference, `{}` standing for its place in the list."""


class Reference(NamedTuple):
    """One reference of one entity."""

    relation: str
    target: str
    """Key (`kind/id`) of the entity referred to."""
    kind: EntityKind | None
    """The kind that the field asks for; None where the reference names its kind itself."""
    place: str
    at: int

    @property
    def pointer(self) -> str:
        """JSON pointer of the reference."""
        return self.place.format(self.at)


REQUIRED_CAUTIONS = Relation("required_cautions", CAUTION, lambda e: e.required_cautions, "/requiredCautions/{}")

RELATIONS: dict[EntityKind, tuple[Relation, ...]] = {
    CONDITION: (
        REQUIRED_CAUTIONS,
        Relation("symptoms", SYMPTOM, lambda e: tuple([x.symptom for x in e.symptoms]), "/symptoms/{}/symptom"),
        Relation("causes", CAUSE, lambda e: tuple([x.cause for x in e.causes]), "/causes/{}/cause"),
        Relation(
            "treatments", TREATMENT, lambda e: tuple([x.treatment for x in e.treatments]), "/treatments/{}/treatment"
        ),
        Relation(
            "related_conditions",
            CONDITION,
            lambda e: tuple([x.condition for x in e.related_conditions]),
            "/relatedConditions/{}/condition",
        ),
    ),
    SYMPTOM: (
        REQUIRED_CAUTIONS,
        Relation("part_of", SYMPTOM, lambda e: (e.part_of,), "/partOf"),
    ),
    CAUSE: (
        REQUIRED_CAUTIONS,
        Relation("examples", CONDITION, lambda e: tuple([x.condition for x in e.examples]), "/examples/{}/condition"),
        Relation(
            "same_as_condition",
            CONDITION,
            lambda e: (e.same_as_condition.condition,) if e.same_as_condition else (),
            "/sameAsCondition/condition",
        ),
    ),
    TREATMENT: (
        REQUIRED_CAUTIONS,
        Relation("alternatives", TREATMENT, lambda e: e.alternatives, "/alternatives/{}"),
    ),
    CAUTION: (
        REQUIRED_CAUTIONS,
        Relation("applies_to", None, lambda e: e.applies_to, "/appliesTo/{}"),
    ),
}


RELATION_NAMES = ("links", *{relation.name for relations in RELATIONS.values() for relation in relations})


def references(kind: EntityKind, entity: Entity) -> Iterator[Reference]:
    """Every reference of an entity to another, field by field in the order of the table, links in its text last."""
    for relation in RELATIONS[kind]:
        for index, target in enumerate(relation.targets(entity)):
            if target is not None:
                key = target if relation.kind is None else f"{relation.kind}/{target}"
                yield Reference(relation.name, key, relation.kind, relation.pointer, index)
    yield from links(entity)


def targets(kind: EntityKind, entity: Entity) -> list[tuple[str, str]]:
    """(target key, relation name) of every reference: what `references` says, without what only a message needs."""
    found: list[tuple[str, str]] = []
    for name, prefix, read in _TARGETS[kind]:
        found += [(intern(prefix + target), name) for target in read(entity) if target is not None]
    for text in entity.text.values():
        for section in text.sections:
            web = section.channels.web
            if web is not None and "ref:" in web.body:
                found += [(f"{kind}/{name}", "links") for kind, name in markdown.references(web.body)]
    return found


_TARGETS = {
    kind: tuple((each.name, f"{each.kind}/" if each.kind else "", each.targets) for each in relations)
    for kind, relations in RELATIONS.items()
}


def links(entity: Entity) -> Iterator[Reference]:
    """The `ref:kind/id` links in an entity's web text, in every locale."""
    for locale, text in entity.text.items():
        for index, section in enumerate(text.sections):
            web = section.channels.web
            if web is not None and "ref:" in web.body:
                for kind, name in markdown.references(web.body):
                    place = f"/text/{locale}/sections/{{}}/channels/web/body"
                    yield Reference("links", f"{kind}/{name}", None, place, index)


def codings(entity: Entity) -> tuple[Coding, ...]:
    """The codes that an entity is found by: its own and those of its examples."""
    if not isinstance(entity, Cause):
        return entity.codings
    return (*entity.codings, *(coding for example in entity.examples for coding in example.codings))
