"""The five types of entity, the interface they share, and the edges between them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from content_api.content import edges, fields, models
from content_api.content.edges import Edge, Related
from content_api.content.fields import CodeSystem, EntityKind, HealthAspect, State
from content_api.content.models import (
    CauseCategory,
    CauseCertainty,
    CautionKind,
    CautionStrength,
    ConditionKind,
    ConditionRelation,
    Modifiable,
    NerveFunction,
    Severity,
    SymptomFrequency,
    SymptomKind,
    TreatmentKind,
    TreatmentLine,
    TreatmentRole,
)
from content_api.content.view import Shown
from content_api.graph.connections import UNLESS
from content_api.graph.identifiers import node_id
from content_api.graph.scalars import Locale
from content_api.graph.values import (
    PASSING,
    AlternateName,
    Audience,
    CareAdvice,
    Citation,
    Coding,
    Evidence,
    Mechanism,
    Plan,
    Regulatory,
    Review,
    Section,
    Served,
    Statement,
    Timing,
    VagueRange,
    citations,
    statement,
    statements,
)
from content_api.graph.versions import Version, history, updated_at


@strawberry.interface(description="Something with an id that `node(id:)` finds again.")
class Node:
    shown: strawberry.Private[Shown]

    @strawberry.field(
        description="Opaque. Names the entity in one locale and channel, so that a client's cache never mixes two. "
        "Use `key` for what is the same everywhere."
    )
    def id(self) -> strawberry.ID:
        return strawberry.ID(node_id(self.shown))


@strawberry.interface(
    description="A piece of health content: a condition, symptom, cause, treatment or caution. "
    "Whoever shows one shows its `requiredCautions` with it."
)
class Entity(Node):
    @property
    def file(self) -> Any:
        """The entity as its file gives it."""
        return self.shown.entity

    @strawberry.field(description="Names the entity within its kind, in every locale, channel and version, for ever.")
    def key(self) -> str:
        return self.shown.entity.id

    @strawberry.field(
        description="For addresses of pages, in the locale served. It may change; old ones still find it."
    )
    def slug(self) -> str:
        return self.shown.text.slug

    @strawberry.field(description="What it is called.")
    def name(self) -> str:
        return self.shown.text.name

    @strawberry.field(description="What it is, in at most 200 characters of plain text.")
    def summary(self) -> str:
        return self.shown.text.summary

    @strawberry.field(graphql_type=list[AlternateName], description="Other names, with how each relates to the name.")
    def alternate_names(self) -> list[fields.AlternateName]:
        return list(self.shown.text.alternate_names)

    @strawberry.field(description="Its text, section by section, in the order in which it is meant to be read.")
    def sections(
        self,
        aspects: Annotated[
            list[HealthAspect] | None, strawberry.argument(description="Only sections about these; all if not given.")
        ] = UNSET,
    ) -> list[Section]:
        return [
            Section(shown=self.shown, record=section)
            for section in self.shown.text.sections
            if aspects is UNSET or aspects is None or section.aspect in aspects
        ]

    @strawberry.field(graphql_type=list[Coding], description="Codes of public code systems.")
    def codings(
        self,
        system: Annotated[
            CodeSystem | None, strawberry.argument(description="Only codes of this system; all if not given.")
        ] = UNSET,
    ) -> list[fields.Coding]:
        return [coding for coding in self.shown.entity.codings if not system or coding.system is system]

    @strawberry.field(description="The sources it rests on.")
    def citations(self) -> list[Citation]:
        return citations(self.shown)

    @strawberry.field(description="Whether and when a clinician reviewed it.")
    def review(self) -> Review:
        return Review(shown=self.shown)

    @strawberry.field(description="Whom it is written for.")
    def audience(self) -> Audience:
        return Audience(shown=self.shown)

    @strawberry.field(
        description="Countries in which it holds, as ISO 3166-1 codes; `*` for everywhere. Not the same as a locale."
    )
    def jurisdictions(self) -> list[str]:
        return list(self.shown.entity.jurisdictions)

    @strawberry.field(description="Whether it is published.")
    def state(self) -> State:
        return self.shown.entity.state

    @strawberry.field(
        description="The cautions that must never be left out when this entity is shown, the gravest first. "
        "Always the whole list."
    )
    def required_cautions(self) -> list[Caution]:
        return [Caution(shown=caution) for caution in self.shown.required_cautions()]

    @strawberry.field(description="What was asked for and what is served: locale, channel and version.")
    def served(self) -> Served:
        return Served(shown=self.shown)

    @strawberry.field(description="Changes when, and only when, the entity's own files do. Compare it, do not read it.")
    def revision(self) -> str:
        return self.shown.record.revision

    @strawberry.field(
        description="When the version was committed that last changed it, up to the one shown; null where that is not "
        "known: for a folder outside git, and where a clone is cut short.",
        metadata={PASSING: True},
    )
    def updated_at(self) -> datetime | None:
        return updated_at(self.shown)

    @strawberry.field(
        description="The versions that changed it, up to the one shown, the newest first; those that were refused "
        "included, as what they changed may have gone live with a later one.",
        metadata={PASSING: True},
    )
    def history(
        self,
        first: Annotated[
            int | None, strawberry.argument(description=f"How many: 1 to 100, {UNLESS}; 10 if not given.")
        ] = UNSET,
    ) -> list[Version]:
        return history(self.shown, None if first is UNSET else first)

    @strawberry.field(description="The locales it is written in, its default locale first.")
    def available_locales(self) -> list[Locale]:
        view = self.shown.view
        texts = [locale for locale, text in self.shown.entity.text.items() if view.may_serve(text)]
        return [Locale(locale) for locale in sorted(texts, key=lambda locale: locale != view.locales[-1])]


# --- Condition -------------------------------------------------------------------------------------------------------


@strawberry.type(description="A symptom of a condition.")
class ConditionSymptom:
    edge: strawberry.Private[Edge]

    @strawberry.field(description="How many people with the condition have it.")
    def frequency(self) -> SymptomFrequency:
        return self.edge.data.frequency

    @strawberry.field(description="The symptom itself.")
    def symptom(self) -> Symptom:
        return Symptom(shown=self.edge.other)


@strawberry.type(description="A cause of a condition.")
class ConditionCause:
    edge: strawberry.Private[Edge]

    @strawberry.field(description="How surely it brings the condition about.")
    def certainty(self) -> CauseCertainty:
        return self.edge.data.certainty

    @strawberry.field(description="The cause itself.")
    def cause(self) -> Cause:
        return Cause(shown=self.edge.other)


@strawberry.type(description="A treatment of a condition.")
class ConditionTreatment:
    edge: strawberry.Private[Edge]

    @strawberry.field(description="When it is considered.")
    def line(self) -> TreatmentLine:
        return self.edge.data.line

    @strawberry.field(description="The treatment itself.")
    def treatment(self) -> Treatment:
        return Treatment(shown=self.edge.other)


@strawberry.type(description="A condition related to another.")
class RelatedCondition:
    related: strawberry.Private[Related]

    @strawberry.field(description="How it relates: BROADER means that it is wider than the one it was asked of.")
    def relation(self) -> ConditionRelation:
        return self.related.relation

    @strawberry.field(description="The related condition.")
    def condition(self) -> Condition:
        return Condition(shown=self.related.other)


@strawberry.type(description="A disease, pain state or syndrome.")
class Condition(Entity):
    @strawberry.field(description="What sort of condition it is.")
    def kind(self) -> ConditionKind:
        return self.file.kind

    @strawberry.field(description="Its symptoms, in the editors' order.")
    def symptoms(self) -> list[ConditionSymptom]:
        return [ConditionSymptom(edge=edge) for edge in edges.edges(self.shown, edges.SYMPTOMS)]

    @strawberry.field(description="Its causes, in the editors' order.")
    def causes(self) -> list[ConditionCause]:
        return [ConditionCause(edge=edge) for edge in edges.edges(self.shown, edges.CAUSES)]

    @strawberry.field(description="Its treatments, in the editors' order.")
    def treatments(self) -> list[ConditionTreatment]:
        return [ConditionTreatment(edge=edge) for edge in edges.edges(self.shown, edges.TREATMENTS)]

    @strawberry.field(description="Conditions that are wider, narrower, or overlap with it.")
    def related_conditions(self) -> list[RelatedCondition]:
        return [RelatedCondition(related=related) for related in edges.related_conditions(self.shown)]


# --- Symptom ---------------------------------------------------------------------------------------------------------


@strawberry.type(description="A condition in which a symptom occurs.")
class SymptomCondition:
    edge: strawberry.Private[Edge]

    @strawberry.field(description="How many people with the condition have the symptom.")
    def frequency(self) -> SymptomFrequency:
        return self.edge.data.frequency

    @strawberry.field(description="The condition itself.")
    def condition(self) -> Condition:
        return Condition(shown=self.edge.other)


@strawberry.type(description="Something a person can feel or show.")
class Symptom(Entity):
    @strawberry.field(description="What sort of symptom it is.")
    def kind(self) -> SymptomKind:
        return self.file.kind

    @strawberry.field(description="Which nerves it comes from; null where that does not apply or is not stated.")
    def nerve_function(self) -> NerveFunction | None:
        return self.file.nerve_function

    @strawberry.field(description="When it is there; null where that is not stated.")
    def timing(self) -> Timing | None:
        return Timing(shown=self.shown, record=self.file.timing) if self.file.timing else None

    @strawberry.field(description="What it makes harder.")
    def impacts(self) -> list[Statement]:
        return statements(self.shown, self.file.impacts)

    @strawberry.field(description="The group of symptoms that it is part of.")
    def part_of(self) -> Symptom | None:
        group = self.shown.view.show(f"{EntityKind.SYMPTOM}/{self.file.part_of}")
        return Symptom(shown=group) if group else None

    @strawberry.field(description="The symptoms that are part of it, when it is a group.")
    def parts(self) -> list[Symptom]:
        return [Symptom(shown=part) for part in edges.parts(self.shown)]

    @strawberry.field(description="When to get help about it.")
    def care_advice(self) -> list[CareAdvice]:
        return [CareAdvice(shown=self.shown, record=advice) for advice in self.file.care_advice]

    @strawberry.field(description="The conditions in which it occurs, by name.")
    def conditions(self) -> list[SymptomCondition]:
        return [SymptomCondition(edge=edge) for edge in edges.back_edges(self.shown, edges.SYMPTOMS)]


# --- Cause -----------------------------------------------------------------------------------------------------------


@strawberry.type(description="An example of a cause.")
class CauseExample(Statement):
    record: strawberry.Private[models.CauseExample]

    @strawberry.field(description="Whether the example is an illness in its own right.")
    def same_as_condition(self) -> bool:
        return self.record.same_as_condition

    @strawberry.field(description="That illness, where this content has it.")
    def condition(self) -> Condition | None:
        return condition_named(self.shown, self.record.condition)

    @strawberry.field(graphql_type=list[Coding], description="Codes of public code systems.")
    def codings(self) -> list[fields.Coding]:
        return list(self.record.codings)


@strawberry.type(description="Says that a cause is an illness in its own right; `text` is that illness's name.")
class SameAsCondition(Statement):
    record: strawberry.Private[models.SameAsCondition]

    @strawberry.field(description="That illness, where this content has it.")
    def condition(self) -> Condition | None:
        return condition_named(self.shown, self.record.condition)


def condition_named(shown: Shown, name: str | None) -> Condition | None:
    found = shown.view.show(f"{EntityKind.CONDITION}/{name}") if name else None
    return Condition(shown=found) if found else None


@strawberry.type(description="A condition that a cause can bring about.")
class CauseCondition:
    edge: strawberry.Private[Edge]

    @strawberry.field(description="How surely it does.")
    def certainty(self) -> CauseCertainty:
        return self.edge.data.certainty

    @strawberry.field(description="The condition itself.")
    def condition(self) -> Condition:
        return Condition(shown=self.edge.other)


@strawberry.type(description="Something that can bring a condition about.")
class Cause(Entity):
    @strawberry.field(description="What sort of cause it is.")
    def category(self) -> CauseCategory:
        return self.file.category

    @strawberry.field(description="Examples of it.")
    def examples(self) -> list[CauseExample]:
        return [CauseExample(shown=self.shown, record=example) for example in self.file.examples]

    @strawberry.field(description="How it brings a condition about.")
    def mechanism(self) -> list[Mechanism]:
        return [Mechanism(shown=self.shown, record=mechanism) for mechanism in self.file.mechanism]

    @strawberry.field(description="Whether something can be done about it.")
    def modifiable(self) -> Modifiable:
        return self.file.modifiable

    @strawberry.field(description="The illness that it is, when it is one in its own right.")
    def same_as_condition(self) -> SameAsCondition | None:
        same = self.file.same_as_condition
        return SameAsCondition(shown=self.shown, record=same) if same else None

    @strawberry.field(description="The conditions that it can bring about, by name.")
    def conditions(self) -> list[CauseCondition]:
        return [CauseCondition(edge=edge) for edge in edges.back_edges(self.shown, edges.CAUSES)]


# --- Treatment -------------------------------------------------------------------------------------------------------


@strawberry.type(description="A condition for which a treatment is considered.")
class TreatmentCondition:
    edge: strawberry.Private[Edge]

    @strawberry.field(description="When it is considered.")
    def line(self) -> TreatmentLine:
        return self.edge.data.line

    @strawberry.field(description="The condition itself.")
    def condition(self) -> Condition:
        return Condition(shown=self.edge.other)


@strawberry.type(description="Something that is done about a condition or its symptoms.")
class Treatment(Entity):
    @strawberry.field(description="What sort of treatment it is.")
    def kind(self) -> TreatmentKind:
        return self.file.kind

    @strawberry.field(description="Its place among the others.")
    def role(self) -> TreatmentRole:
        return self.file.role

    @strawberry.field(
        description="Whether it is meant as one part of a plan with others; null where that is not stated."
    )
    def part_of_combined_plan(self) -> bool | None:
        return self.file.part_of_combined_plan

    @strawberry.field(description="How it is thought to work. Look at the certainty of each.")
    def mechanism(self) -> list[Mechanism]:
        return [Mechanism(shown=self.shown, record=mechanism) for mechanism in self.file.mechanism]

    @strawberry.field(description="How soon it acts; null where that is not stated.")
    def onset(self) -> VagueRange | None:
        return VagueRange(shown=self.shown, record=self.file.onset) if self.file.onset else None

    @strawberry.field(description="How long it lasts; null where that is not stated.")
    def duration(self) -> VagueRange | None:
        return VagueRange(shown=self.shown, record=self.file.duration) if self.file.duration else None

    @strawberry.field(description="How it is given; null where that is not stated.")
    def plan(self) -> Plan | None:
        return Plan(shown=self.shown, record=self.file.plan) if self.file.plan else None

    @strawberry.field(description="Its legal status, country by country.")
    def regulatory(self) -> list[Regulatory]:
        return [Regulatory(shown=self.shown, record=status) for status in self.file.regulatory]

    @strawberry.field(description="What studies and guidelines found.")
    def evidence(self) -> list[Evidence]:
        return [Evidence(shown=self.shown, record=evidence) for evidence in self.file.evidence]

    @strawberry.field(description="Unwanted effects that it can have.")
    def side_effects(self) -> list[Statement]:
        return statements(self.shown, self.file.side_effects)

    @strawberry.field(description="What it does not do, or not well.")
    def limits(self) -> list[Statement]:
        return statements(self.shown, self.file.limits)

    @strawberry.field(description="Where it comes from.")
    def background(self) -> list[Statement]:
        return statements(self.shown, self.file.background)

    @strawberry.field(description="Other treatments considered for the same purpose.")
    def alternatives(self) -> list[Treatment]:
        return [Treatment(shown=other) for other in edges.alternatives(self.shown)]

    @strawberry.field(description="The conditions for which it is considered, by name.")
    def conditions(self) -> list[TreatmentCondition]:
        return [TreatmentCondition(edge=edge) for edge in edges.back_edges(self.shown, edges.TREATMENTS)]


# --- Caution ---------------------------------------------------------------------------------------------------------


@strawberry.type(description="Something a person must know, or do, before or while acting on the content.")
class Caution(Entity):
    @strawberry.field(description="What sort of caution it is.")
    def kind(self) -> CautionKind:
        return self.file.kind

    @strawberry.field(description="How binding it is.")
    def strength(self) -> CautionStrength:
        return self.file.strength

    @strawberry.field(description="How grave it is to ignore it.")
    def severity(self) -> Severity:
        return self.file.severity

    @strawberry.field(description="What to do.")
    def action(self) -> Statement:
        return Statement(shown=self.shown, record=self.file.action)

    @strawberry.field(description="When it matters; null where it always does.")
    def trigger(self) -> Statement | None:
        return statement(self.shown, self.file.trigger)

    @strawberry.field(description="When and where to get help.")
    def care_advice(self) -> list[CareAdvice]:
        return [CareAdvice(shown=self.shown, record=advice) for advice in self.file.care_advice]

    @strawberry.field(description="The entities that require it, in the editors' order.")
    def applies_to(self) -> list[Entity]:
        return [entity_of(shown) for shown in edges.applies_to(self.shown)]

    @strawberry.field(description="Whether it may never be left out, in any channel.")
    def must_display(self) -> bool:
        return self.file.must_display

    @strawberry.field(description="Its place among cautions of the same severity; lower is earlier.")
    def display_order(self) -> int:
        return self.file.display_order


TYPES: dict[EntityKind, type[Entity]] = {
    EntityKind.CONDITION: Condition,
    EntityKind.SYMPTOM: Symptom,
    EntityKind.CAUSE: Cause,
    EntityKind.TREATMENT: Treatment,
    EntityKind.CAUTION: Caution,
}


def entity_of(shown: Shown) -> Entity:
    """An entity as the GraphQL type of its kind."""
    return TYPES[shown.record.kind](shown=shown)
