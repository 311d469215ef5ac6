"""The publisher, as every answer of the API can show it."""

from __future__ import annotations

import strawberry

from content_api.content import models
from content_api.content.fields import Channel, TextFormat
from content_api.content.view import View
from content_api.graph.scalars import Locale


@strawberry.type(description="Who publishes the content.")
class Publisher:
    name: str = strawberry.field(description="The publisher's name.")
    url: str | None = strawberry.field(description="The publisher's address on the web.")


@strawberry.type(description="On what terms the content may be used.")
class Licence:
    name: str = strawberry.field(description="The licence's name, or what holds while there is none.")
    url: str | None = strawberry.field(description="Where its text is.")


@strawberry.type(description="A locale that the publisher serves.")
class SiteLocale:
    tag: Locale = strawberry.field(description="Its BCP 47 tag.")
    name: str = strawberry.field(description="The language's own name for itself.")
    fallback: list[Locale] = strawberry.field(
        description="Locales that stand in, in order, for an entity not written in it. An entity falls back whole."
    )


@strawberry.type(description="A channel that the publisher writes for.")
class SiteChannel:
    channel: Channel = strawberry.field(description="Which channel it is.")
    format: TextFormat = strawberry.field(description="How its texts are written.")
    max_length: int = strawberry.field(description="Most characters a section's text has in it.")
    fallback: list[Channel] = strawberry.field(
        description="Channels whose text stands in, in order, for a section without one; the summary comes last."
    )


@strawberry.type(description="Who publishes the content, on what terms, in which locales and channels.")
class Site:
    view: strawberry.Private[View]

    @property
    def record(self) -> models.Site:
        return self.view.edition.library.site

    @strawberry.field(graphql_type=Publisher, description="Who publishes the content.")
    def publisher(self) -> models.Publisher:
        return self.record.publisher

    @strawberry.field(graphql_type=Licence, description="On what terms the content may be used.")
    def licence(self) -> models.Licence:
        return self.record.licence

    @strawberry.field(description="How to name the publisher when the content is shown elsewhere.")
    def attribution(self) -> str:
        return self.view.wording(self.record.attribution)

    @strawberry.field(description="What the content is not. Show it wherever the content is shown.")
    def disclaimer(self) -> str:
        return self.view.wording(self.record.disclaimer)

    @strawberry.field(description="The locale that everything is written in.")
    def default_locale(self) -> Locale:
        return Locale(self.record.default_locale)

    @strawberry.field(description="The locales that are served, the default locale first.")
    def locales(self) -> list[SiteLocale]:
        default = self.record.default_locale
        ordered = sorted(self.record.locales.items(), key=lambda entry: entry[0] != default)
        return [
            SiteLocale(tag=Locale(tag), name=locale.name, fallback=[Locale(other) for other in locale.fallback])
            for tag, locale in ordered
        ]

    @strawberry.field(description="The channels that are written for.")
    def channels(self) -> list[SiteChannel]:
        return [
            SiteChannel(
                channel=channel,
                format=settings.format,
                max_length=settings.max_length,
                fallback=list(settings.fallback),
            )
            for channel, settings in self.record.channels.items()
        ]

    @strawberry.field(description="The id of the version (a git commit) that is served.")
    def version(self) -> str:
        return self.view.edition.version.id
