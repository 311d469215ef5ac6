"""The small types that content is made of: patterns, enums and the values several kinds share.

Every enum value carries its description. It is said once, here, for editors (JSON Schema) and for frontend developers
(GraphQL) alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any, TypeVar, cast

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, ConfigDict, Field, Strict, StringConstraints
from pydantic.alias_generators import to_camel
from pydantic.dataclasses import dataclass as pydantic_dataclass
from typing_extensions import dataclass_transform

T = TypeVar("T")

# Frozen dataclasses with slots rather than BaseModel: the same validation and schema, 4.5 times less memory (2.8 kB
# against 12.5 kB for an entity of ten sections), read 1.6 times faster. docs/why/decisions.md has the figures.
_CONFIG = ConfigDict(
    extra="forbid",
    alias_generator=to_camel,
    str_max_length=20_000,
    defer_build=True,  # only whole files are read, so only their validators are built: a tenth of a second at start
)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(Field,))
def value(cls: type[T]) -> type[T]:
    """Make a class a frozen, keyword-only value: camelCase in JSON, unknown fields refused."""
    return cast(type[T], pydantic_dataclass(frozen=True, slots=True, kw_only=True, config=_CONFIG)(cls))


class Described(StrEnum):
    """An enum whose members say what they mean: `NAME = "NAME", "description"`."""

    description: str

    def __new__(cls, text: str, description: str = "") -> Described:
        member = str.__new__(cls, text)
        member._value_ = text
        member.description = description
        return member


def as_day(value: Any) -> Any:
    if not (isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value)):
        raise ValueError("Expected a day in quotes, as in `2026-11-22`")
    return value


def as_instant(value: Any) -> Any:
    if not (isinstance(value, str) and "T" in value):
        raise ValueError("Expected a day and time with its zone in quotes, as in `2026-11-22T09:00:00Z`")
    return value


def timestamp(moment: datetime) -> str:
    """A moment as every answer writes it: RFC 3339, in UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


# What JSON Schema accepts and nothing else: pydantic alone would read "yes" as true, "7" as 7 and 7 as a day in 1970.
TrueOrFalse = Annotated[bool, Strict()]
Whole = Annotated[int, Strict()]
Number = Annotated[float, Strict()]
Day = Annotated[date, BeforeValidator(as_day)]
Instant = Annotated[AwareDatetime, BeforeValidator(as_instant)]
Slug = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80),
    Field(
        description="Lower-case letters, digits and single hyphens, as in `phantom-limb-pain`.", examples=["tingling"]
    ),
]
LocaleTag = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$", max_length=11),
    Field(description="A BCP 47 language tag, as in `en` or `pt-BR`.", examples=["en"]),
]
Jurisdiction = Annotated[
    str,
    StringConstraints(pattern=r"^([A-Z]{2}|\*)$", max_length=2),
    Field(description="An ISO 3166-1 country code, or `*` for everywhere.", examples=["GB", "*"]),
]
TypedId = Annotated[
    str,
    StringConstraints(pattern=r"^(condition|symptom|cause|treatment|caution)/[a-z0-9]+(-[a-z0-9]+)*$", max_length=91),
    Field(
        description="A kind and an id, as in `treatment/ketamine-infusion`.", examples=["condition/neuropathic-pain"]
    ),
]
FactId = Annotated[
    str,
    StringConstraints(pattern=r"^[EFL][0-9]{1,3}$", max_length=4),
    Field(description="A numbered fact of docs/reference/facts.md: F from the page, E editorial, L careful wording."),
]

# Nearly every part of an entity names a fact or two, and most name the same: one tuple for all that are equal saves
# 0.3 kB of the 6.3 that an entity would take. Any number may be new; those pushed out are only not shared.
FactIds = Annotated[tuple[FactId, ...], AfterValidator(lru_cache(maxsize=2**14)(lambda found: found))]
Text = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
ShortText = Annotated[str, StringConstraints(min_length=1, max_length=200)]
ItemText = Annotated[str, StringConstraints(min_length=1, max_length=2_000)]
LocalText = Annotated[
    Mapping[LocaleTag, ItemText],
    Field(min_length=1, description="The text in each locale; the default locale is required."),
]
WebAddress = Annotated[str, StringConstraints(pattern=r"^https://[^\s<>\"\\]+$", max_length=2_000)]


class EntityKind(Described):
    CONDITION = "condition", "A disease, pain state or syndrome that a person can have."
    SYMPTOM = "symptom", "Something a person can feel or show, or a group of such things."
    CAUSE = "cause", "Something that can bring a condition about."
    TREATMENT = "treatment", "Something that is done about a condition or its symptoms."
    CAUTION = "caution", "Something a person must know, or do, before or while acting on the content."

    @property
    def folder(self) -> str:
        """The folder of the content that holds this kind's files."""
        return f"{self.value}s"


class State(Described):
    DRAFT = "DRAFT", "Being written. Only previews show it; the public address never does."
    PUBLISHED = "PUBLISHED", "Served to everybody."
    WITHDRAWN = "WITHDRAWN", "Taken back. The file stays as a tombstone with its reason and is not served."


class Channel(Described):
    WEB = "web", "A web page: rich text."
    APP = "app", "A mobile app: short plain text."
    CHATBOT = "chatbot", "A chatbot: the shortest plain text, made to be quoted."


class TextFormat(Described):
    MARKDOWN = "MARKDOWN", "A small CommonMark subset without raw HTML."
    PLAIN = "PLAIN", "Plain text. Paragraphs are parted by an empty line."


class NameRelation(Described):
    SYNONYM = "SYNONYM", "Means the same."
    CLINICAL_TERM = "CLINICAL_TERM", "What clinicians call it."
    RELATED = "RELATED", "Often used for it, but does not mean quite the same."
    ABBREVIATION = "ABBREVIATION", "A short form."


class HealthAspect(Described):
    """What a section is about: schema.org's HealthAspectEnumeration, the values that this content uses or may soon."""

    OVERVIEW = "OVERVIEW", "What it is, in general. schema.org: OverviewHealthAspect."
    CAUSES = "CAUSES", "What brings it about. schema.org: CausesHealthAspect."
    SYMPTOMS = "SYMPTOMS", "How it shows or feels. schema.org: SymptomsHealthAspect."
    TYPES = "TYPES", "Its kinds and how they differ. schema.org: TypesHealthAspect."
    STAGES = "STAGES", "How it goes on over time. schema.org: StagesHealthAspect."
    PROGNOSIS = "PROGNOSIS", "What to expect. schema.org: PrognosisHealthAspect."
    HOW_IT_WORKS = "HOW_IT_WORKS", "What happens in the body. schema.org: HowItWorksHealthAspect."
    TREATMENTS = "TREATMENTS", "What can be done about it. schema.org: TreatmentsHealthAspect."
    BENEFITS = "BENEFITS", "What good it may do. schema.org: BenefitsHealthAspect."
    EFFECTIVENESS = "EFFECTIVENESS", "What studies found it to do. schema.org: EffectivenessHealthAspect."
    USAGE_OR_SCHEDULE = "USAGE_OR_SCHEDULE", "How it is given and how often. schema.org: UsageOrScheduleHealthAspect."
    SIDE_EFFECTS = "SIDE_EFFECTS", "Unwanted effects. schema.org: SideEffectsHealthAspect."
    RISKS_OR_COMPLICATIONS = (
        "RISKS_OR_COMPLICATIONS",
        "What can go wrong. schema.org: RisksOrComplicationsHealthAspect.",
    )
    SAFETY = "SAFETY", "How harm is avoided. schema.org: SafetyHealthAspect."
    SCREENING = "SCREENING", "What is checked beforehand. schema.org: ScreeningHealthAspect."
    PREGNANCY = "PREGNANCY", "What matters in pregnancy. schema.org: PregnancyHealthAspect."
    PREVENTION = "PREVENTION", "How to keep it from happening. schema.org: PreventionHealthAspect."
    SEE_DOCTOR = "SEE_DOCTOR", "When to get medical help. schema.org: SeeDoctorHealthAspect."
    SELF_CARE = "SELF_CARE", "What a person can do alone. schema.org: SelfCareHealthAspect."
    LIVING_WITH = "LIVING_WITH", "Everyday life with it. schema.org: LivingWithHealthAspect."
    PATIENT_EXPERIENCE = "PATIENT_EXPERIENCE", "How people describe it. schema.org: PatientExperienceHealthAspect."
    MISCONCEPTIONS = "MISCONCEPTIONS", "What is often believed and not so. schema.org: MisconceptionsHealthAspect."
    RELATED_TOPICS = "RELATED_TOPICS", "What else to read. schema.org: RelatedTopicsHealthAspect."


class TranslationStatus(Described):
    SOURCE = "SOURCE", "Written in this locale; the others are translated from it."
    CHECKED = "CHECKED", "A translation that somebody checked."
    DRAFT = "DRAFT", "A translation nobody has checked. It is never served."


class CodeSystem(Described):
    ICD_10 = "ICD_10", "WHO International Classification of Diseases, 10th revision."
    ICD_10_CM = "ICD_10_CM", "United States clinical modification of ICD-10."
    ICD_11 = "ICD_11", "WHO International Classification of Diseases, 11th revision (MMS)."
    MESH = "MESH", "Medical Subject Headings of the US National Library of Medicine (descriptor ids)."
    SNOMED_CT = "SNOMED_CT", "SNOMED CT concept ids."
    HPO = "HPO", "Human Phenotype Ontology."
    ATC = "ATC", "WHO Anatomical Therapeutic Chemical classification of medicines."
    UNII = "UNII", "US FDA Unique Ingredient Identifier."
    RXNORM = "RXNORM", "RxNorm concept ids (RxCUI) of the US National Library of Medicine."


class CodeMatch(Described):
    EXACT = "EXACT", "The code means the same as the entity."
    BROADER = "BROADER", "The code is broader than the entity."
    NARROWER = "NARROWER", "The code is narrower than the entity."
    RELATED = "RELATED", "The code means something near it."


class CodeStatus(Described):
    TO_BE_CONFIRMED = (
        "TO_BE_CONFIRMED",
        "Found in the source named; no coder has confirmed it. Do not show as verified.",
    )
    CONFIRMED = "CONFIRMED", "A coder confirmed it on the date given."


class CitationRole(Described):
    DERIVED_FROM = "DERIVED_FROM", "The text is an account of what this source says."
    EVIDENCE = "EVIDENCE", "The source supports the claim by its own findings or authority."


class ReviewStatus(Described):
    NOT_CLINICALLY_REVIEWED = "NOT_CLINICALLY_REVIEWED", "No clinician has checked this."
    CLINICALLY_REVIEWED = "CLINICALLY_REVIEWED", "The reviewers named checked this on the date given."


class AudienceType(Described):
    PATIENT = "PATIENT", "People who have, or may have, the condition."
    CARER = "CARER", "People who look after somebody who has it."
    CLINICIAN = "CLINICIAN", "Health professionals, such as doctors and nurses."


class SourceType(Described):
    CLINIC_PAGE = "CLINIC_PAGE", "A public page of a clinic."
    SYSTEMATIC_REVIEW = "SYSTEMATIC_REVIEW", "A review of all trials on a question."
    GUIDELINE = "GUIDELINE", "Recommendations of a professional or public body."
    NARRATIVE_REVIEW = "NARRATIVE_REVIEW", "An expert's account of a field."
    CLASSIFICATION = "CLASSIFICATION", "A definition or classification agreed by a professional body."
    PRODUCT_LABEL = "PRODUCT_LABEL", "A regulator's approved information about a medicine."
    PUBLIC_HEALTH_PAGE = "PUBLIC_HEALTH_PAGE", "A page of a public health service."
    CLINICAL_PATHWAY = "CLINICAL_PATHWAY", "Local instructions for clinicians."
    LEGAL_SCHEDULE = "LEGAL_SCHEDULE", "A legal list of controlled substances."
    RESEARCH_ARTICLE = "RESEARCH_ARTICLE", "A report of one study."
    JOURNAL_ARTICLE = "JOURNAL_ARTICLE", "A published article; nobody has recorded of which kind."


class ConflictOfInterest(Described):
    NONE_FOUND = "NONE_FOUND", "None was found in what was read."
    NOT_ASSESSED = "NOT_ASSESSED", "Nobody has looked into it."
    PUBLISHER_SELLS_THE_TREATMENT = (
        "PUBLISHER_SELLS_THE_TREATMENT",
        "Who published it earns from the treatment it describes.",
    )


class SeenAs(Described):
    ORIGINAL = "ORIGINAL", "The source itself was read."
    SECONDARY_SUMMARY = "SECONDARY_SUMMARY", "Only a summary or copy of the source was read."


@value
class Statement:
    """One thing said, with the facts it rests on. Base of the typed items."""

    key: Slug
    """Names the item for citations and translators. Unique in the entity."""
    text: LocalText
    statements: FactIds = ()
    """The facts this rests on."""
    attributed_to: Slug | None = None
    """The source whose claim this is. Set it when the text reports a claim that is not ours."""


@value
class Audience:
    type: AudienceType
    min_age_years: Annotated[Whole, Field(ge=0, le=120)] | None = None
    note: Statement | None = None
    """Who, more closely."""


@value
class AlternateName:
    name: ShortText
    relation: NameRelation
    statements: FactIds = ()


@value
class Body:
    format: TextFormat
    body: Text


@value
class SectionChannels:
    web: Body | None = None
    app: Body | None = None
    chatbot: Body | None = None

    def of(self, channel: Channel) -> Body | None:
        """The text written for a channel."""
        body: Body | None = getattr(self, channel.value)
        return body


@value
class Section:
    """A headed piece of text, written once for each channel that needs its own."""

    key: Slug
    aspect: HealthAspect
    heading: ShortText
    channels: SectionChannels
    statements: FactIds = ()
    attributed_to: Slug | None = None
    """The source whose claim this is. Set it when the text reports a claim that is not ours."""


@value
class Translation:
    status: TranslationStatus
    of: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{12}$")] | None = None
    """Revision of the source text that was translated, as `content-api check` prints it; stale when that changed."""


@value
class EntityText:
    """Everything about an entity that is written in one locale, but for the wording inside typed items."""

    slug: Slug
    name: ShortText
    summary: ShortText
    """At most 200 characters of plain text. Every channel's last resort."""
    alternate_names: tuple[AlternateName, ...] = ()
    sections: tuple[Section, ...] = ()
    translation: Translation
    statements: FactIds = ()
    """The facts that name and summary rest on."""


@value
class Verification:
    status: CodeStatus
    source: ShortText
    """What was read to find the code."""
    on: Day | None = None
    """When a coder confirmed it. Null until one has."""


@value
class Coding:
    """A code of a public code system. Codes move, so every part is required."""

    system: CodeSystem
    system_version: ShortText
    code: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.:_-]+$", max_length=40)]
    display: ShortText
    match: CodeMatch
    verified: Verification


@value
class Citation:
    source: Slug
    supports: tuple[Slug, ...] = ()
    """Keys of the sections and items that rest on it. Empty: the entity as a whole."""
    role: CitationRole
    locator: ShortText | None = None
    """Where in the source."""


@value
class Review:
    status: ReviewStatus
    last_reviewed_on: Day | None
    next_review_due_on: Day | None
    reviewers: tuple[Slug, ...]
    """Ids of files in people/."""
