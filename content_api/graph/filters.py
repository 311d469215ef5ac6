"""Filters and orders as input types. What they mean is in content/select.py; a test holds the two together.

A field that is not given, or given as null, asks for nothing.
"""

from __future__ import annotations

import dataclasses
from enum import Enum
from functools import cached_property
from typing import Any, Generic, TypeVar

import strawberry
from strawberry import UNSET

from content_api.content.fields import AudienceType, CodeMatch, CodeSystem, HealthAspect, ReviewStatus
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
from content_api.content.select import CautionOrderField, Criteria, Direction, OrderField
from content_api.graph import enums as enums

T = TypeVar("T")


def given(description: str, name: str | None = None) -> Any:
    """An input field that may be left out."""
    return strawberry.field(default=UNSET, description=description, name=name)


def plain(value: Any) -> Any:
    """An input value as the plain criteria that `select` takes: what was not given is not there."""
    if isinstance(value, Enum) or not dataclasses.is_dataclass(value):
        return [plain(item) for item in value] if isinstance(value, list) else value
    fields = ((field.name.rstrip("_"), getattr(value, field.name)) for field in dataclasses.fields(value))
    return {name: plain(item) for name, item in fields if item is not UNSET and item is not None}


# --- On values -------------------------------------------------------------------------------------------------------


@strawberry.input(description="Asks about a text. All that is given must hold.")
class StringFilter:
    eq: str | None = given("It is exactly this.")
    ne: str | None = given("It is not exactly this.")
    in_: list[str] | None = given("It is exactly one of these.", "in")
    not_in: list[str] | None = given("It is none of these.")
    contains: str | None = given("It contains this, whatever the case and accents.")
    starts_with: str | None = given("It begins with this, whatever the case and accents.")
    exists: bool | None = given("There is one (true), or none (false).")


@strawberry.input(description="Asks about a value of the enum. All that is given must hold.")
class EnumFilter(Generic[T]):
    eq: T | None = given("It is this.")
    ne: T | None = given("It is not this.")
    in_: list[T] | None = given("It is one of these.", "in")
    not_in: list[T] | None = given("It is none of these.")
    exists: bool | None = given("There is one (true), or none (false).")


@strawberry.input(description="Asks about a yes or no.")
class BooleanFilter:
    eq: bool | None = given("It is this.")
    exists: bool | None = given("It is stated (true), or not (false).")


@strawberry.input(description="Asks about the members of a list. All that is given must hold.")
class ListFilter(Generic[T]):
    some: T | None = given("At least one member is like this.")
    every: T | None = given("Every member is like this; so it is for an empty list.")
    none: T | None = given("No member is like this; so it is for an empty list.")


@strawberry.input(description="Asks about a code. All that is given must hold of the same code.")
class CodingFilter:
    system: EnumFilter[CodeSystem] | None = given("The code system.")
    code: StringFilter | None = given("The code, as the system writes it.")
    match: EnumFilter[CodeMatch] | None = given("How its meaning relates to the entity.")


# --- On entities -----------------------------------------------------------------------------------------------------


@strawberry.input
class EntityFilter:
    """What all kinds can be asked. A field that is a list holds when any of its values does."""

    @cached_property
    def criteria(self) -> Criteria:
        """The criteria that it stands for, worked out once: a plan gives the same `where` to every request.

        How many things they ask is bounded by what that costs, before anything runs: delivery/price.py.
        """
        found: Criteria = plain(self)
        return found

    key: StringFilter | None = given("Its key, the same in every locale.")
    slug: StringFilter | None = given("Its slug in the locale served.")
    name: StringFilter | None = given("Its name in the locale served.")
    summary: StringFilter | None = given("Its summary in the locale served.")
    alternate_name: StringFilter | None = given("Any of its alternate names.")
    aspect: EnumFilter[HealthAspect] | None = given("What any of its sections is about.")
    jurisdiction: StringFilter | None = given("Any of its jurisdictions.")
    audience: EnumFilter[AudienceType] | None = given("Whom it is written for.")
    review_status: EnumFilter[ReviewStatus] | None = given("Whether a clinician checked it.")
    codings: ListFilter[CodingFilter] | None = given("Its codes, and those of its examples.")
    required_cautions: ListFilter[CautionFilter] | None = given("The cautions it requires.")


ALL = "All of these hold."
ANY = "At least one of these holds; so never for an empty list."
NOT = "This does not hold."


@strawberry.input(description="Asks about conditions. All that is given must hold.")
class ConditionFilter(EntityFilter):
    and_: list[ConditionFilter] | None = given(ALL, "and")
    or_: list[ConditionFilter] | None = given(ANY, "or")
    not_: ConditionFilter | None = given(NOT, "not")
    kind: EnumFilter[ConditionKind] | None = given("What sort of condition it is.")
    symptoms: ListFilter[ConditionSymptomFilter] | None = given("The symptoms it has.")
    causes: ListFilter[ConditionCauseFilter] | None = given("What can cause it.")
    treatments: ListFilter[ConditionTreatmentFilter] | None = given("Treatments considered for it.")
    related_conditions: ListFilter[RelatedConditionFilter] | None = given("Conditions related to it.")


@strawberry.input(description="Asks about a symptom of a condition.")
class ConditionSymptomFilter:
    frequency: EnumFilter[SymptomFrequency] | None = given("How many people have it.")
    symptom: SymptomFilter | None = given("The symptom itself.")


@strawberry.input(description="Asks about a cause of a condition.")
class ConditionCauseFilter:
    certainty: EnumFilter[CauseCertainty] | None = given("How surely it brings the condition about.")
    cause: CauseFilter | None = given("The cause itself.")


@strawberry.input(description="Asks about a treatment of a condition.")
class ConditionTreatmentFilter:
    line: EnumFilter[TreatmentLine] | None = given("When it is considered.")
    treatment: TreatmentFilter | None = given("The treatment itself.")


@strawberry.input(description="Asks about a related condition.")
class RelatedConditionFilter:
    relation: EnumFilter[ConditionRelation] | None = given("How it relates.")
    condition: ConditionFilter | None = given("The related condition itself.")


@strawberry.input(description="Asks about symptoms. All that is given must hold.")
class SymptomFilter(EntityFilter):
    and_: list[SymptomFilter] | None = given(ALL, "and")
    or_: list[SymptomFilter] | None = given(ANY, "or")
    not_: SymptomFilter | None = given(NOT, "not")
    kind: EnumFilter[SymptomKind] | None = given("What sort of symptom it is.")
    nerve_function: EnumFilter[NerveFunction] | None = given("Which nerves it comes from.")
    conditions: ListFilter[SymptomConditionFilter] | None = given("The conditions in which it occurs.")
    parts: ListFilter[SymptomFilter] | None = given("The symptoms that are part of it.")


@strawberry.input(description="Asks about a condition in which a symptom occurs.")
class SymptomConditionFilter:
    frequency: EnumFilter[SymptomFrequency] | None = given("How many people have the symptom.")
    condition: ConditionFilter | None = given("The condition itself.")


@strawberry.input(description="Asks about causes. All that is given must hold.")
class CauseFilter(EntityFilter):
    and_: list[CauseFilter] | None = given(ALL, "and")
    or_: list[CauseFilter] | None = given(ANY, "or")
    not_: CauseFilter | None = given(NOT, "not")
    category: EnumFilter[CauseCategory] | None = given("What sort of cause it is.")
    modifiable: EnumFilter[Modifiable] | None = given("Whether something can be done about it.")
    conditions: ListFilter[CauseConditionFilter] | None = given("The conditions it can bring about.")


@strawberry.input(description="Asks about a condition that a cause can bring about.")
class CauseConditionFilter:
    certainty: EnumFilter[CauseCertainty] | None = given("How surely it does.")
    condition: ConditionFilter | None = given("The condition itself.")


@strawberry.input(description="Asks about treatments. All that is given must hold.")
class TreatmentFilter(EntityFilter):
    and_: list[TreatmentFilter] | None = given(ALL, "and")
    or_: list[TreatmentFilter] | None = given(ANY, "or")
    not_: TreatmentFilter | None = given(NOT, "not")
    kind: EnumFilter[TreatmentKind] | None = given("What sort of treatment it is.")
    role: EnumFilter[TreatmentRole] | None = given("Its place among the others.")
    part_of_combined_plan: BooleanFilter | None = given("Whether it is one part of a plan with others.")
    conditions: ListFilter[TreatmentConditionFilter] | None = given("The conditions for which it is considered.")
    alternatives: ListFilter[TreatmentFilter] | None = given("Treatments considered for the same purpose.")


@strawberry.input(description="Asks about a condition for which a treatment is considered.")
class TreatmentConditionFilter:
    line: EnumFilter[TreatmentLine] | None = given("When it is considered.")
    condition: ConditionFilter | None = given("The condition itself.")


@strawberry.input(description="Asks about cautions. All that is given must hold.")
class CautionFilter(EntityFilter):
    and_: list[CautionFilter] | None = given(ALL, "and")
    or_: list[CautionFilter] | None = given(ANY, "or")
    not_: CautionFilter | None = given(NOT, "not")
    kind: EnumFilter[CautionKind] | None = given("What sort of caution it is.")
    severity: EnumFilter[Severity] | None = given("How grave it is to ignore it.")
    strength: EnumFilter[CautionStrength] | None = given("How binding it is.")
    must_display: BooleanFilter | None = given("Whether it may never be left out.")


# --- Orders ----------------------------------------------------------------------------------------------------------


@strawberry.input(description="One key of an order. Ties are broken by the next key, and in the end by name and key.")
class EntityOrder:
    field: OrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Which end comes first.")


@strawberry.input(description="One key of an order. Ties are broken by the next key, and in the end by severity.")
class CautionOrder:
    field: CautionOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Which end comes first.")
