"""What a content file may hold: one frozen model per kind of file. `schema/content/` is exported from these.

Lists keep the order of the file. Text inside typed items is per locale, like everything a person reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, TypeAlias

from pydantic import Field, StringConstraints

from content_api.content.fields import (
    Audience,
    Channel,
    Citation,
    Coding,
    ConflictOfInterest,
    Described,
    EntityKind,
    EntityText,
    FactIds,
    Instant,
    ItemText,
    Jurisdiction,
    LocaleTag,
    LocalText,
    Number,
    Review,
    SeenAs,
    ShortText,
    Slug,
    SourceType,
    State,
    Statement,
    TextFormat,
    TrueOrFalse,
    TypedId,
    WebAddress,
    Whole,
    value,
)

SchemaAddress = Annotated[
    str,
    StringConstraints(pattern=r"[a-z]+\.schema\.json$", max_length=200),
    Field(alias="$schema", description="Path of this file's JSON Schema, for the editor's tool."),
]


@value
class EntityFields:
    """What every entity has."""

    schema_: SchemaAddress
    id: Slug
    """The file's name without `.json`. Never changed, never used again."""
    state: State
    withdrawn_reason: LocalText | None = None
    """Why it was taken back. Required when withdrawn, and only then."""
    audience: Audience
    jurisdictions: Annotated[tuple[Jurisdiction, ...], Field(min_length=1)]
    """Where the content holds. Not the same as a locale: countries of one language have different emergency numbers."""
    text: Annotated[Mapping[LocaleTag, EntityText], Field(min_length=1)]
    codings: tuple[Coding, ...] = ()
    citations: Annotated[tuple[Citation, ...], Field(min_length=1)]
    review: Review
    required_cautions: tuple[Slug, ...]
    """Cautions that must never be left out when this entity is shown."""


# --- Condition -------------------------------------------------------------------------------------------------------


class ConditionKind(Described):
    DISEASE = "DISEASE", "A disease or disorder."
    PAIN_STATE = "PAIN_STATE", "A kind of pain."
    SYNDROME = "SYNDROME", "A set of symptoms that occur together."


class SymptomFrequency(Described):
    COMMON = "COMMON", "Many people with the condition have it."
    SOME = "SOME", "Some people with the condition have it."
    NOT_STATED = "NOT_STATED", "The sources do not say how often."


class CauseCertainty(Described):
    CAN_CAUSE = "CAN_CAUSE", "It can bring the condition about."
    SOMETIMES = "SOMETIMES", "It does so only in some people who have it."
    NO_CAUSE_FOUND = "NO_CAUSE_FOUND", "Stands for the cases in which no cause is found."


class TreatmentLine(Described):
    FIRST = "FIRST", "Among the first to be considered."
    NOT_FIRST = "NOT_FIRST", "Considered only after others."
    NOT_STATED = "NOT_STATED", "The sources do not rank it."


class ConditionRelation(Described):
    BROADER = "BROADER", "The other condition is wider and includes this one."
    NARROWER = "NARROWER", "The other condition is a special case of this one."
    OVERLAPS = "OVERLAPS", "Some people have both; neither includes the other."


@value
class ConditionSymptom:
    symptom: Slug
    frequency: SymptomFrequency
    statements: FactIds = ()


@value
class ConditionCause:
    cause: Slug
    certainty: CauseCertainty
    statements: FactIds = ()


@value
class ConditionTreatment:
    treatment: Slug
    line: TreatmentLine
    statements: FactIds = ()


@value
class RelatedCondition:
    condition: Slug
    relation: ConditionRelation
    statements: FactIds = ()


@value
class Condition(EntityFields):
    """A disease, pain state or syndrome."""

    kind: ConditionKind
    symptoms: tuple[ConditionSymptom, ...] = ()
    causes: tuple[ConditionCause, ...] = ()
    treatments: tuple[ConditionTreatment, ...] = ()
    related_conditions: tuple[RelatedCondition, ...] = ()


# --- Symptom ---------------------------------------------------------------------------------------------------------


class SymptomKind(Described):
    SYMPTOM = "SYMPTOM", "Something the person feels."
    SIGN = "SIGN", "Something others can see or measure."
    GROUP = "GROUP", "Several symptoms with one origin."


class NerveFunction(Described):
    SENSORY = "SENSORY", "Nerves for feeling."
    MOTOR = "MOTOR", "Nerves that move muscles."
    AUTONOMIC = "AUTONOMIC", "Nerves for what the body does by itself."


class TimingPattern(Described):
    CONSTANT = "CONSTANT", "There all the time."
    INTERMITTENT = "INTERMITTENT", "Comes and goes."


class CareLevel(Described):
    EMERGENCY = "EMERGENCY", "Call the emergency services at once."
    URGENT = "URGENT", "Get medical advice the same day."
    ROUTINE = "ROUTINE", "Make an ordinary appointment."


@value
class Timing(Statement):
    patterns: Annotated[tuple[TimingPattern, ...], Field(min_length=1)]


@value
class CareAdvice(Statement):
    level: CareLevel
    jurisdiction: Jurisdiction
    contact: ShortText | None = None
    """Telephone number or service in that jurisdiction. Null where none is given: do not guess."""


@value
class Symptom(EntityFields):
    """Something a person can feel or show."""

    kind: SymptomKind
    nerve_function: NerveFunction | None = None
    timing: Timing | None = None
    impacts: tuple[Statement, ...] = ()
    """What it makes harder."""
    part_of: Slug | None = None
    """The GROUP symptom this belongs to."""
    care_advice: tuple[CareAdvice, ...] = ()


# --- Cause -----------------------------------------------------------------------------------------------------------


class CauseCategory(Described):
    METABOLIC = "METABOLIC", "The body's chemistry."
    CANCER = "CANCER", "A malignant growth."
    MEDICAL_TREATMENT = "MEDICAL_TREATMENT", "Something done to treat another illness."
    INJURY = "INJURY", "Physical harm to the body."
    NUTRITIONAL = "NUTRITIONAL", "Too little, or too much, of something eaten."
    INFECTIOUS = "INFECTIOUS", "Germs, such as bacteria and viruses."
    AUTOIMMUNE = "AUTOIMMUNE", "The body's defences turned on itself."
    TOXIC = "TOXIC", "Substances that harm the body."
    INHERITED = "INHERITED", "Passed on in families."
    NEUROLOGICAL = "NEUROLOGICAL", "An illness of the brain or spinal cord."
    UNKNOWN = "UNKNOWN", "No cause is found."


class Modifiable(Described):
    YES = "YES", "Something can be done about it."
    PARTLY = "PARTLY", "Something can be done about it in some cases."
    NO = "NO", "Nothing can be done about it."
    NOT_STATED = "NOT_STATED", "The sources do not say."


class MechanismCertainty(Described):
    ESTABLISHED = "ESTABLISHED", "Generally accepted as true."
    HYPOTHESIS = "HYPOTHESIS", "An explanation that has not been shown in people."


@value
class Mechanism(Statement):
    certainty: MechanismCertainty


@value
class CauseExample(Statement):
    same_as_condition: TrueOrFalse = False
    """Whether the example is an illness in its own right."""
    condition: Slug | None = None
    """That illness, where this content has it."""
    codings: tuple[Coding, ...] = ()


@value
class SameAsCondition(Statement):
    """Says that the cause is an illness in its own right; `text` is that illness's name."""

    condition: Slug | None = None
    """That illness, where this content has it."""


@value
class Cause(EntityFields):
    """Something that can bring a condition about."""

    category: CauseCategory
    examples: tuple[CauseExample, ...] = ()
    mechanism: tuple[Mechanism, ...] = ()
    modifiable: Modifiable
    same_as_condition: SameAsCondition | None = None


# --- Treatment -------------------------------------------------------------------------------------------------------


class TreatmentKind(Described):
    DRUG = "DRUG", "One single medicine."
    DRUG_CLASS = "DRUG_CLASS", "A group of medicines."
    PROCEDURE = "PROCEDURE", "Something done to the body by a professional."
    THERAPY = "THERAPY", "Exercises, talking or training with a professional."
    LIFESTYLE = "LIFESTYLE", "Something a person changes in everyday life."
    TREAT_CAUSE = "TREAT_CAUSE", "Treating the illness behind the condition."


class TreatmentRole(Described):
    FIRST_LINE = "FIRST_LINE", "Guidelines suggest it first."
    NOT_FIRST_LINE = "NOT_FIRST_LINE", "Not a first choice."
    NOT_STATED = "NOT_STATED", "The sources do not rank it."


class TimeUnit(Described):
    MINUTE = "MINUTE", "Counted in minutes."
    HOUR = "HOUR", "Counted in hours."
    DAY = "DAY", "Counted in days."
    WEEK = "WEEK", "Counted in weeks."
    MONTH = "MONTH", "Counted in months."


class RangeBasis(Described):
    TRIAL = "TRIAL", "Measured in a trial."
    GUIDELINE = "GUIDELINE", "Given by a guideline."
    LABEL = "LABEL", "Given by a regulator's product information."
    PROVIDER_CLAIM = "PROVIDER_CLAIM", "Claimed by who provides the treatment. Show it only as such."


class DoseInformation(Described):
    NOT_APPLICABLE = "NOT_APPLICABLE", "There is no dose."
    WITHHELD_FROM_PATIENT_CONTENT = "WITHHELD_FROM_PATIENT_CONTENT", "Left out on purpose: dosing is for professionals."


class RegulatoryStatus(Described):
    OFF_LABEL = "OFF_LABEL", "Approved, but not for this use."
    APPROVED = "APPROVED", "Approved for this use."
    CONTROLLED = "CONTROLLED", "The law restricts who may have it."


class EvidenceCertainty(Described):
    HIGH = "HIGH", "Further research is unlikely to change it."
    MODERATE = "MODERATE", "Further research may change it."
    LOW = "LOW", "Further research is likely to change it."
    VERY_LOW = "VERY_LOW", "The finding is very uncertain."
    NOT_GRADED = "NOT_GRADED", "The source gives no grade."


class GradingSystem(Described):
    GRADE = "GRADE", "GRADE, as Cochrane reviews use it."
    ASRA = "ASRA", "The letter grades of the ASRA, AAPM and ASA consensus guideline."
    NONE = "NONE", "No grading system."


class Directness(Described):
    DIRECT = "DIRECT", "Studied in people with this condition."
    INDIRECT = "INDIRECT", "Studied in a wider or different group of people."


@value
class Amount:
    """One end of a vague range. `value` is null on purpose where the source names only a unit ("minutes")."""

    value: Annotated[Number, Field(ge=0, le=100_000, allow_inf_nan=False)] | None = None
    unit: TimeUnit


@value
class VagueRange(Statement):
    """How long something takes, as exactly as the source says and no more."""

    low: Amount | None = None
    high: Amount | None = None
    basis: RangeBasis
    citation: Slug
    """The source that gives it."""


@value
class Plan:
    """How a treatment is given."""

    route: Statement | None = None
    setting: Statement | None = None
    sessions: Statement | None = None
    session_length: VagueRange | None = None
    adjusted_to: tuple[Statement, ...] = ()
    trade_off: Statement | None = None
    dose_information: DoseInformation


@value
class Regulatory(Statement):
    """Legal status in one jurisdiction. Jurisdictions nobody looked up are left out, not guessed."""

    jurisdiction: Jurisdiction
    status: RegulatoryStatus
    citation: Slug


@value
class Evidence:
    """What one source found on one question."""

    key: Slug
    question: LocalText
    finding: LocalText
    certainty: EvidenceCertainty
    grading_system: GradingSystem
    directness: Directness
    as_of: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$")]
    """When the source was published: a year, month or day."""
    citation: Slug
    statements: FactIds = ()


@value
class Treatment(EntityFields):
    """Something that is done about a condition or its symptoms."""

    kind: TreatmentKind
    role: TreatmentRole
    part_of_combined_plan: TrueOrFalse | None
    """Whether it is meant as one part of a plan with others. Null where the sources do not say."""
    mechanism: tuple[Mechanism, ...] = ()
    onset: VagueRange | None = None
    duration: VagueRange | None = None
    plan: Plan | None = None
    regulatory: tuple[Regulatory, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    side_effects: tuple[Statement, ...] = ()
    limits: tuple[Statement, ...] = ()
    """What it does not do, or not well."""
    background: tuple[Statement, ...] = ()
    """Where it comes from."""
    alternatives: tuple[Slug, ...] = ()
    """Other treatments that are considered for the same purpose."""


# --- Caution ---------------------------------------------------------------------------------------------------------


class CautionKind(Described):
    CONTRAINDICATION = "CONTRAINDICATION", "A reason not to have the treatment."
    PRECAUTION = "PRECAUTION", "A reason to take care."
    SCREENING = "SCREENING", "What must be checked first."
    MONITORING = "MONITORING", "What must be watched meanwhile."
    MISUSE_RISK = "MISUSE_RISK", "It can be misused or lead to dependence."
    ADVERSE_EFFECT = "ADVERSE_EFFECT", "Harm that it can do."
    SETTING = "SETTING", "Where and by whom it may be given."
    LIMITATION = "LIMITATION", "What it cannot do."
    EMERGENCY = "EMERGENCY", "Signs that need help at once."
    DISCLAIMER = "DISCLAIMER", "What this content is not."


class CautionStrength(Described):
    MUST = "MUST", "Has to be followed."
    SHOULD = "SHOULD", "Followed unless a professional decides otherwise."
    INFORMATION = "INFORMATION", "Good to know."


class Severity(Described):
    CRITICAL = "CRITICAL", "Ignoring it can do serious harm. Always shown first."
    WARNING = "WARNING", "Ignoring it can do harm."
    INFO = "INFO", "Helps to understand."

    @property
    def rank(self) -> int:
        """0 for the gravest; the order in which cautions are shown."""
        return list(Severity).index(self)


@value
class Caution(EntityFields):
    """Something a person must know or do."""

    kind: CautionKind
    strength: CautionStrength
    severity: Severity
    action: Statement
    """What to do."""
    applies_to: tuple[TypedId, ...] = ()
    """The entities that require it; agrees with their `requiredCautions`."""
    trigger: Statement | None = None
    """When it matters."""
    care_advice: tuple[CareAdvice, ...] = ()
    must_display: TrueOrFalse
    """Whether it may never be left out, in any channel."""
    display_order: Annotated[Whole, Field(ge=0, le=1000)]


Entity: TypeAlias = Condition | Symptom | Cause | Treatment | Caution

ENTITY_MODELS: dict[EntityKind, type[Entity]] = {
    EntityKind.CONDITION: Condition,
    EntityKind.SYMPTOM: Symptom,
    EntityKind.CAUSE: Cause,
    EntityKind.TREATMENT: Treatment,
    EntityKind.CAUTION: Caution,
}


# --- The other files -------------------------------------------------------------------------------------------------


@value
class EntityTranslation:
    """`<id>.<locale>.json`: one more locale of an entity, in a file of its own for a translator who works alone."""

    schema_: SchemaAddress
    id: Slug
    locale: LocaleTag
    text: EntityText
    items: Mapping[Slug, Mapping[Annotated[str, StringConstraints(max_length=40)], ItemText]] = Field(
        default_factory=dict
    )
    """Item key -> field -> text, as in `{"walking": {"text": "…"}}`."""


@value
class Source:
    """A bibliographic record."""

    schema_: SchemaAddress
    id: Slug
    type: SourceType
    title: ShortText
    publisher: ShortText | None = None
    url: WebAddress | None = None
    doi: Annotated[str, StringConstraints(pattern=r"^10\.[0-9]{4,9}/\S+$")] | None = None
    pubmed_id: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,9}$")] | None = None
    pmc_id: Annotated[str, StringConstraints(pattern=r"^PMC[0-9]{1,9}$")] | None = None
    """Id in PubMed Central, where some articles can be read in full."""
    published: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$")] | None = None
    """A year, month or day."""
    conflict_of_interest: ConflictOfInterest
    seen_as: SeenAs
    note: LocalText | None = None
    """What a reader should know about it."""


@value
class Person:
    """A reviewer. Real people only."""

    schema_: SchemaAddress
    id: Slug
    name: ShortText
    qualifications: ShortText
    profile: WebAddress | None = None


@value
class Publisher:
    name: ShortText
    url: WebAddress | None = None


@value
class Licence:
    name: ShortText
    url: WebAddress | None = None


@value
class SiteLocale:
    name: ShortText
    """The language's own name for itself."""
    fallback: tuple[LocaleTag, ...] = ()
    """Locales to serve instead, in order, when an entity is not translated. The default locale always comes last."""


@value
class SiteChannel:
    format: TextFormat
    max_length: Annotated[Whole, Field(ge=1, le=20_000)]
    """Most characters a section may have in this channel."""
    fallback: tuple[Channel, ...] = ()
    """Channels whose text is served instead, in order, when a section has none. The summary is the last resort."""


@value
class Site:
    """site.json: who publishes, on what terms, in which locales and channels."""

    schema_: SchemaAddress
    model_version: Annotated[Whole, Field(ge=1)]
    publisher: Publisher
    licence: Licence
    attribution: LocalText
    """How to name the publisher when the content is shown elsewhere."""
    disclaimer: LocalText
    default_locale: LocaleTag
    locales: Annotated[Mapping[LocaleTag, SiteLocale], Field(min_length=1)]
    channels: Mapping[Channel, SiteChannel]


@value
class Redirect:
    from_: Annotated[TypedId, Field(alias="from")]
    """A kind and an old slug or retired id."""
    to: TypedId


@value
class Redirects:
    """redirects.json: where old slugs and retired ids lead."""

    schema_: SchemaAddress
    redirects: tuple[Redirect, ...] = ()


@value
class Recall:
    id: TypedId
    reason: LocalText
    since: Instant
    replacement: TypedId | None = None


@value
class Recalls:
    """recalls.json: entities that must not be shown any more."""

    schema_: SchemaAddress
    recalls: tuple[Recall, ...] = ()
