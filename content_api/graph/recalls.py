"""What editors have recalled."""

from __future__ import annotations

from datetime import datetime

import strawberry

from content_api.content import models
from content_api.content.fields import EntityKind
from content_api.content.view import View
from content_api.graph.entities import Entity, entity_of


@strawberry.type(description="What to show in the place of something that was recalled.")
class Replacement:
    view: strawberry.Private[View]
    name: strawberry.Private[str]

    @strawberry.field(description="The kind of entity it is.")
    def kind(self) -> EntityKind:
        return kind_of(self.name)

    @strawberry.field(description="Its key, which names it within its kind.")
    def key(self) -> str:
        return key_of(self.name)

    @strawberry.field(description="The entity itself; null where it is not in the version that is served.")
    def entity(self) -> Entity | None:
        shown = self.view.show(self.name)
        return entity_of(shown) if shown else None


@strawberry.type(
    description="Says that an entity must not be shown any more. Remove it from what you have stored, in every version."
)
class Recall:
    view: strawberry.Private[View]
    record: strawberry.Private[models.Recall]

    @strawberry.field(description="The kind of the entity that was recalled.")
    def kind(self) -> EntityKind:
        return kind_of(self.record.id)

    @strawberry.field(description="The key of the entity that was recalled, which names it within its kind.")
    def key(self) -> str:
        return key_of(self.record.id)

    @strawberry.field(description="Why, for readers.")
    def reason(self) -> str:
        return self.view.wording(self.record.reason)

    @strawberry.field(description="When it was recalled.")
    def since(self) -> datetime:
        return self.record.since

    @strawberry.field(description="What to show in its place, if there is something.")
    def replacement(self) -> Replacement | None:
        name = self.record.replacement
        return Replacement(view=self.view, name=name) if name else None


def recalls(view: View, since: datetime | None) -> list[Recall]:
    """The recalls of an edition made at a moment or later, the newest first; those of one moment by kind and key."""
    made = [recall for recall in view.recalls() if since is None or recall.since >= since]
    return [Recall(view=view, record=recall) for recall in sorted(made, key=lambda recall: recall.since, reverse=True)]


def kind_of(name: str) -> EntityKind:
    """The kind in `kind/id`."""
    return EntityKind(name.partition("/")[0])


def key_of(name: str) -> str:
    """The id in `kind/id`."""
    return name.partition("/")[2]
