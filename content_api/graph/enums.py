"""GraphQL enums, made from the content's own: names, values and descriptions are said once, in `content`."""

from __future__ import annotations

import strawberry

from content_api.content import change, fields, models, searchable, select
from content_api.content.fields import Described

# Content enum, its name in GraphQL, what it says.
ENUMS: tuple[tuple[type[Described], str, str], ...] = (
    (fields.EntityKind, "EntityKind", "The five kinds of entity."),
    (fields.State, "State", "Whether an entity is served. The public address shows published entities only."),
    (fields.Channel, "Channel", "Who is being spoken to. Each channel has text written for it."),
    (fields.TextFormat, "TextFormat", "How a text is written."),
    (fields.NameRelation, "NameRelation", "How an alternate name relates to the name."),
    (fields.HealthAspect, "HealthAspect", "What a section is about, after schema.org's HealthAspectEnumeration."),
    (fields.CodeSystem, "CodeSystem", "A public system of codes."),
    (fields.CodeMatch, "CodeMatch", "How the meaning of a code relates to the entity that carries it."),
    (fields.CodeStatus, "CodeStatus", "Whether a coder has confirmed a code."),
    (fields.CitationRole, "CitationRole", "What a source is cited for."),
    (fields.ReviewStatus, "ReviewStatus", "Whether a clinician has checked an entity."),
    (fields.AudienceType, "AudienceType", "Whom an entity is written for."),
    (fields.SourceType, "SourceType", "What kind of document a source is."),
    (fields.ConflictOfInterest, "ConflictOfInterest", "Whether a source has an interest in what it says."),
    (fields.SeenAs, "SeenAs", "What the editors had before them when they cited a source."),
    (models.ConditionKind, "ConditionKind", "What sort of condition it is."),
    (models.SymptomFrequency, "SymptomFrequency", "How many people with a condition have a symptom."),
    (models.CauseCertainty, "CauseCertainty", "How surely a cause brings a condition about."),
    (models.TreatmentLine, "TreatmentLine", "When a treatment is considered for a condition."),
    (models.ConditionRelation, "ConditionRelation", "How the other condition relates to this one."),
    (models.SymptomKind, "SymptomKind", "What sort of symptom it is."),
    (models.NerveFunction, "NerveFunction", "Which nerves a symptom comes from."),
    (models.TimingPattern, "TimingPattern", "When a symptom is there."),
    (models.CareLevel, "CareLevel", "How quickly to get help."),
    (models.CauseCategory, "CauseCategory", "What sort of cause it is."),
    (models.Modifiable, "Modifiable", "Whether something can be done about a cause."),
    (models.MechanismCertainty, "MechanismCertainty", "How well an explanation is supported."),
    (models.TreatmentKind, "TreatmentKind", "What sort of treatment it is."),
    (models.TreatmentRole, "TreatmentRole", "The place of a treatment among the others."),
    (models.TimeUnit, "TimeUnit", "A unit of time."),
    (models.RangeBasis, "RangeBasis", "Where a range comes from."),
    (models.DoseInformation, "DoseInformation", "Why there is no dose."),
    (models.RegulatoryStatus, "RegulatoryStatus", "What a regulator or the law says of a treatment."),
    (models.EvidenceCertainty, "EvidenceCertainty", "How sure a finding is."),
    (models.GradingSystem, "GradingSystem", "The system by which certainty was graded."),
    (models.Directness, "Directness", "Whether those studied are those concerned."),
    (models.CautionKind, "CautionKind", "What sort of caution it is."),
    (models.CautionStrength, "CautionStrength", "How binding a caution is."),
    (models.Severity, "Severity", "How grave it is to ignore a caution."),
    (select.Direction, "OrderDirection", "Which end of an order comes first."),
    (select.OrderField, "EntityOrderField", "What entities can be ordered by."),
    (select.CautionOrderField, "CautionOrderField", "What cautions can be ordered by."),
    (searchable.SearchField, "SearchField", "A text that is searched."),
    (change.ChangeKind, "ChangeKind", "What became of an entity between two versions."),
)

# Done when this module is imported, because Strawberry looks at the enums when the types that use them are declared:
# those modules import this one first.
for enum, name, description in ENUMS:
    strawberry.enum(enum, name=name, description=description)
    for value in enum.__strawberry_definition__.values:  # type: ignore[attr-defined]
        value.description = enum[value.name].description
