"""The values that entities are made of. None has an identity of its own in a client's cache.

Types that add nothing to the content's own values are filled from them attribute by attribute (`graphql_type=`); a test
holds the names together. Those that need to know the view they are read in wrap what they show.
"""

from __future__ import annotations

from datetime import date

import strawberry

from content_api.content import fields, models, rendering
from content_api.content.fields import (
    AudienceType,
    Channel,
    CitationRole,
    CodeMatch,
    CodeStatus,
    CodeSystem,
    ConflictOfInterest,
    HealthAspect,
    NameRelation,
    ReviewStatus,
    SeenAs,
    SourceType,
)
from content_api.content.models import (
    CareLevel,
    Directness,
    DoseInformation,
    EvidenceCertainty,
    GradingSystem,
    MechanismCertainty,
    RangeBasis,
    RegulatoryStatus,
    TimeUnit,
    TimingPattern,
)
from content_api.content.view import SectionText, Shown
from content_api.graph import enums as enums
from content_api.graph.scalars import Locale

PASSING = "passing"
"""In the metadata of a field of an entity: it may change while the edition and the day stay the same, because it looks
at the history of the branch. What is compiled remembers what was made of entities and lists, and makes these anew."""


@strawberry.type(description="Another name for an entity.")
class AlternateName:
    name: str = strawberry.field(description="The name, in the locale served.")
    relation: NameRelation = strawberry.field(description="How it relates to the entity's name.")


@strawberry.type(description="Whether, and against what, a code was checked.")
class Verification:
    status: CodeStatus = strawberry.field(description="Whether a coder confirmed the code.")
    source: str = strawberry.field(description="What was read to find the code.")
    on: date | None = strawberry.field(description="When a coder confirmed it; null until one has.")


@strawberry.type(description="A code of a public code system. Codes move between versions of a system.")
class Coding:
    system: CodeSystem = strawberry.field(description="The code system.")
    system_version: str = strawberry.field(
        description="The version of the code system that was read, in its own words."
    )
    code: str = strawberry.field(description="The code, as the system writes it.")
    display: str = strawberry.field(description="A name for the code.")
    match: CodeMatch = strawberry.field(description="How the meaning of the code relates to the entity.")
    verified: Verification = strawberry.field(description="Whether the code was checked.")


@strawberry.type(description="Who an entity is written for.")
class Audience:
    shown: strawberry.Private[Shown]

    @strawberry.field(description="The group of readers.")
    def type(self) -> AudienceType:
        return self.shown.entity.audience.type

    @strawberry.field(description="The youngest age it is meant for, in years; null where there is no limit.")
    def min_age_years(self) -> int | None:
        return self.shown.entity.audience.min_age_years

    @strawberry.field(description="Who, more closely.")
    def note(self) -> Statement | None:
        return statement(self.shown, self.shown.entity.audience.note)


@strawberry.type(description="A bibliographic record of something that the content cites.")
class Source:
    shown: strawberry.Private[Shown]
    record: strawberry.Private[models.Source]

    @strawberry.field(description="Names the source, the same for ever.")
    def key(self) -> str:
        return self.record.id

    @strawberry.field(description="What kind of document it is.")
    def type(self) -> SourceType:
        return self.record.type

    @strawberry.field(description="Its title, or a description where the title is not known.")
    def title(self) -> str:
        return self.record.title

    @strawberry.field(description="Who published it.")
    def publisher(self) -> str | None:
        return self.record.publisher

    @strawberry.field(description="Its address on the web.")
    def url(self) -> str | None:
        return self.record.url

    @strawberry.field(description="Its Digital Object Identifier, without `https://doi.org/`.")
    def doi(self) -> str | None:
        return self.record.doi

    @strawberry.field(description="Its id in PubMed.")
    def pubmed_id(self) -> str | None:
        return self.record.pubmed_id

    @strawberry.field(description="Its id in PubMed Central, as in `PMC8374709`.")
    def pmc_id(self) -> str | None:
        return self.record.pmc_id

    @strawberry.field(description="When it was published: a year, month or day (`2025`, `2025-08`, `2025-08-18`).")
    def published(self) -> str | None:
        return self.record.published

    @strawberry.field(description="Whether its publisher has an interest in what it says. Show this beside its claims.")
    def conflict_of_interest(self) -> ConflictOfInterest:
        return self.record.conflict_of_interest

    @strawberry.field(description="Whether the editors read the source itself or only a summary of it.")
    def seen_as(self) -> SeenAs:
        return self.record.seen_as

    @strawberry.field(description="What a reader should know about it.")
    def note(self) -> str | None:
        notes = self.record.note or {}
        locales = (self.shown.locale, *self.shown.view.locales)
        return next((notes[locale] for locale in locales if locale in notes), None)


def source(shown: Shown, name: str) -> Source:
    return Source(shown=shown, record=shown.view.source(name))


@strawberry.type(description="A source, and what it is cited for.")
class Citation:
    shown: strawberry.Private[Shown]
    record: strawberry.Private[fields.Citation]

    @strawberry.field(description="What is cited.")
    def source(self) -> Source:
        return source(self.shown, self.record.source)

    @strawberry.field(
        description="Whether the text is an account of the source, or the source is evidence for the text."
    )
    def role(self) -> CitationRole:
        return self.record.role

    @strawberry.field(description="Keys of the sections and items that rest on it. Empty: the entity as a whole.")
    def supports(self) -> list[str]:
        return list(self.record.supports)

    @strawberry.field(description="Where in the source.")
    def locator(self) -> str | None:
        return self.record.locator


def citations(shown: Shown, key: str | None = None) -> list[Citation]:
    """The citations of an entity, or those that support its section or item with a key."""
    cited = shown.entity.citations
    return [Citation(shown=shown, record=one) for one in cited if key is None or key in one.supports]


@strawberry.type(description="A clinician who reviewed content.")
class Person:
    name: str = strawberry.field(description="The reviewer's name.")
    qualifications: str = strawberry.field(description="What makes them competent to review it.")
    profile: str | None = strawberry.field(description="The address of a page about them.")


@strawberry.type(
    description="The clinical review of an entity. Both dates and the reviewers are given, or none of them."
)
class Review:
    shown: strawberry.Private[Shown]

    @strawberry.field(description="Whether a clinician has checked it. Show this to readers.")
    def status(self) -> ReviewStatus:
        return self.shown.entity.review.status

    @strawberry.field(description="When it was last reviewed; null when it never was.")
    def last_reviewed_on(self) -> date | None:
        return self.shown.entity.review.last_reviewed_on

    @strawberry.field(description="When it must be reviewed again; null when it never was.")
    def next_review_due_on(self) -> date | None:
        return self.shown.entity.review.next_review_due_on

    @strawberry.field(
        description="Whether that day has passed. False when there was no review: look at `status` for that."
    )
    def is_overdue(self) -> bool:
        due = self.shown.entity.review.next_review_due_on
        return due is not None and due < self.shown.view.edition.clock()

    @strawberry.field(graphql_type=list[Person], description="Who reviewed it.")
    def reviewers(self) -> list[models.Person]:
        return [self.shown.view.person(name) for name in self.shown.entity.review.reviewers]


@strawberry.type(description="What was asked for, and what is served in its place where that does not exist.")
class Served:
    shown: strawberry.Private[Shown]

    @strawberry.field(description="The locale asked for.")
    def requested_locale(self) -> Locale:
        return Locale(self.shown.view.locale)

    @strawberry.field(
        description="The locale the whole entity is served in. Use it as the `lang` attribute of the text."
    )
    def locale(self) -> Locale:
        return Locale(self.shown.locale)

    @strawberry.field(description="The channel asked for.")
    def requested_channel(self) -> Channel:
        return self.shown.view.channel

    @strawberry.field(
        description="The channels that the sections' texts were written for: the one asked for, if all have it. "
        "Empty where there is no section, or the summary stands in for all of them."
    )
    def channels(self) -> list[Channel]:
        used = {self.shown.section_text(section).channel for section in self.shown.text.sections}
        return [channel for channel in fields.Channel if channel in used]

    @strawberry.field(
        description="Whether the entity is served in another locale, or some section with another channel's text "
        "or the summary."
    )
    def is_fallback(self) -> bool:
        texts = (self.shown.section_text(section) for section in self.shown.text.sections)
        return self.shown.locale != self.shown.view.locale or any(text.is_fallback for text in texts)

    @strawberry.field(description="The id of the version (a git commit) that this was read from.")
    def version(self) -> str:
        return self.shown.view.edition.version.id


# --- Text ------------------------------------------------------------------------------------------------------------


@strawberry.type(description="A text in three forms. Take the one that suits the place where it is shown.")
class Text:
    chosen: strawberry.Private[SectionText]

    @strawberry.field(description="As Markdown: a small CommonMark subset. Links to entities read `ref:kind/key`.")
    def markdown(self) -> str:
        return rendering.markdown(self.chosen.body)

    @strawberry.field(
        description="As sanitised HTML: paragraphs, lists, emphasis, links and headings of level 2 to 4, nothing else. "
        'Links to entities have `href="ref:kind/key"`; make them addresses of your own pages.'
    )
    def html(self) -> str:
        return rendering.html(self.chosen.body)

    @strawberry.field(description="As plain text; paragraphs are parted by an empty line.")
    def plain(self) -> str:
        return rendering.plain(self.chosen.body)

    @strawberry.field(description="The channel it was written for; null where the entity's summary stands in.")
    def channel(self) -> Channel | None:
        return self.chosen.channel

    @strawberry.field(
        description="Whether it was written for another channel than the one asked for, or is the summary."
    )
    def is_fallback(self) -> bool:
        return self.chosen.is_fallback


@strawberry.type(description="A headed piece of text.")
class Section:
    shown: strawberry.Private[Shown]
    record: strawberry.Private[fields.Section]

    @strawberry.field(description="Names the section within its entity, the same in every locale.")
    def key(self) -> str:
        return self.record.key

    @strawberry.field(description="What it is about.")
    def aspect(self) -> HealthAspect:
        return self.record.aspect

    @strawberry.field(description="Its heading: plain text in the locale served.")
    def heading(self) -> str:
        return self.record.heading

    @strawberry.field(description="Its text, for the channel asked for.")
    def text(self) -> Text:
        return Text(chosen=self.shown.section_text(self.record))

    @strawberry.field(description="The sources it rests on.")
    def citations(self) -> list[Citation]:
        return citations(self.shown, self.record.key)

    @strawberry.field(description="Whose claim it reports. When this is not null, show it with the text.")
    def attributed_to(self) -> Source | None:
        return source(self.shown, self.record.attributed_to) if self.record.attributed_to else None


# --- Items -----------------------------------------------------------------------------------------------------------


@strawberry.type(description="One thing said about an entity, in plain text.")
class Statement:
    shown: strawberry.Private[Shown]
    record: strawberry.Private[fields.Statement]

    @strawberry.field(description="Names the statement within its entity, the same in every locale.")
    def key(self) -> str:
        return self.record.key

    @strawberry.field(description="What is said: plain text in the locale served.")
    def text(self) -> str:
        return self.record.text[self.shown.locale]

    @strawberry.field(description="The sources it rests on.")
    def citations(self) -> list[Citation]:
        return citations(self.shown, self.record.key)

    @strawberry.field(description="Whose claim it reports. When this is not null, show it with the text.")
    def attributed_to(self) -> Source | None:
        return source(self.shown, self.record.attributed_to) if self.record.attributed_to else None


def statement(shown: Shown, record: fields.Statement | None) -> Statement | None:
    return Statement(shown=shown, record=record) if record else None


def statements(shown: Shown, records: tuple[fields.Statement, ...]) -> list[Statement]:
    return [Statement(shown=shown, record=record) for record in records]


@strawberry.type(description="When a symptom is there.")
class Timing(Statement):
    record: strawberry.Private[models.Timing]

    @strawberry.field(description="The patterns it can have.")
    def patterns(self) -> list[TimingPattern]:
        return list(self.record.patterns)


@strawberry.type(description="When and where to get help.")
class CareAdvice(Statement):
    record: strawberry.Private[models.CareAdvice]

    @strawberry.field(description="How quickly to get it.")
    def level(self) -> CareLevel:
        return self.record.level

    @strawberry.field(description="The country it holds for, as an ISO 3166-1 code; `*` for everywhere.")
    def jurisdiction(self) -> str:
        return self.record.jurisdiction

    @strawberry.field(description="Telephone number or service there; null where none is given.")
    def contact(self) -> str | None:
        return self.record.contact


@strawberry.type(description="What happens in the body, and how well that is known.")
class Mechanism(Statement):
    record: strawberry.Private[models.Mechanism]

    @strawberry.field(description="How well the explanation is supported. Say so when it is a hypothesis.")
    def certainty(self) -> MechanismCertainty:
        return self.record.certainty


@strawberry.type(description="One end of a range of time.")
class Amount:
    value: float | None = strawberry.field(
        description="How many; null on purpose where the source names only the unit."
    )
    unit: TimeUnit = strawberry.field(description="The unit of time.")


@strawberry.type(description="How long something takes, as exactly as the source says and no more.")
class VagueRange(Statement):
    record: strawberry.Private[models.VagueRange]

    @strawberry.field(graphql_type=Amount | None, description="The lower end; null where none is given.")
    def low(self) -> models.Amount | None:
        return self.record.low

    @strawberry.field(graphql_type=Amount | None, description="The upper end; null where none is given.")
    def high(self) -> models.Amount | None:
        return self.record.high

    @strawberry.field(description="Where it comes from. Show a PROVIDER_CLAIM only as such.")
    def basis(self) -> RangeBasis:
        return self.record.basis

    @strawberry.field(description="The source that gives it.")
    def source(self) -> Source:
        return source(self.shown, self.record.citation)


@strawberry.type(description="How a treatment is given. Doses are never part of it.")
class Plan:
    shown: strawberry.Private[Shown]
    record: strawberry.Private[models.Plan]

    @strawberry.field(description="The way into the body.")
    def route(self) -> Statement | None:
        return statement(self.shown, self.record.route)

    @strawberry.field(description="Where it is given.")
    def setting(self) -> Statement | None:
        return statement(self.shown, self.record.setting)

    @strawberry.field(description="How many times.")
    def sessions(self) -> Statement | None:
        return statement(self.shown, self.record.sessions)

    @strawberry.field(description="How long each time takes.")
    def session_length(self) -> VagueRange | None:
        length = self.record.session_length
        return VagueRange(shown=self.shown, record=length) if length else None

    @strawberry.field(description="What the plan is adjusted to.")
    def adjusted_to(self) -> list[Statement]:
        return statements(self.shown, self.record.adjusted_to)

    @strawberry.field(description="What has to be weighed against what.")
    def trade_off(self) -> Statement | None:
        return statement(self.shown, self.record.trade_off)

    @strawberry.field(description="Why there is no dose here.")
    def dose_information(self) -> DoseInformation:
        return self.record.dose_information


@strawberry.type(description="What a regulator or the law of one country says. Countries not looked up are left out.")
class Regulatory(Statement):
    record: strawberry.Private[models.Regulatory]

    @strawberry.field(description="The country, as an ISO 3166-1 code.")
    def jurisdiction(self) -> str:
        return self.record.jurisdiction

    @strawberry.field(description="The legal status there.")
    def status(self) -> RegulatoryStatus:
        return self.record.status

    @strawberry.field(description="The source that says so.")
    def source(self) -> Source:
        return source(self.shown, self.record.citation)


@strawberry.type(description="What one source found on one question. Show the certainty with the finding.")
class Evidence:
    shown: strawberry.Private[Shown]
    record: strawberry.Private[models.Evidence]

    @strawberry.field(description="Names the finding within its entity, the same in every locale.")
    def key(self) -> str:
        return self.record.key

    @strawberry.field(description="What was asked.")
    def question(self) -> str:
        return self.record.question[self.shown.locale]

    @strawberry.field(description="What was found.")
    def finding(self) -> str:
        return self.record.finding[self.shown.locale]

    @strawberry.field(description="How sure the finding is.")
    def certainty(self) -> EvidenceCertainty:
        return self.record.certainty

    @strawberry.field(description="The system by which certainty was graded.")
    def grading_system(self) -> GradingSystem:
        return self.record.grading_system

    @strawberry.field(description="Whether those studied are those concerned.")
    def directness(self) -> Directness:
        return self.record.directness

    @strawberry.field(description="When the source was published: a year, month or day.")
    def as_of(self) -> str:
        return self.record.as_of

    @strawberry.field(description="The source that found it.")
    def source(self) -> Source:
        return source(self.shown, self.record.citation)
