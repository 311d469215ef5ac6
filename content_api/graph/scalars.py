"""The custom scalars: Date, DateTime, and one of our own. Every further one would cost each client a mapping."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import NewType

import strawberry
from strawberry.schema.types.base_scalars import DateDefinition, DateTimeDefinition
from strawberry.types.scalar import ScalarDefinition

from content_api.content.fields import timestamp

Locale = NewType("Locale", str)


def tag(value: object) -> str:
    """A tag as a client sent it. Whether it is served is for `view_of` to say, which can name those that are."""
    if not isinstance(value, str):
        raise ValueError("A locale is a text, such as `en`.")
    return value


LOCALE: ScalarDefinition = strawberry.scalar(
    name="Locale",
    description="A BCP 47 language tag, such as `en` or `pt-BR`. `site.locales` lists those that are served.",
    specified_by_url="https://www.rfc-editor.org/info/bcp47",
    serialize=str,
    parse_value=tag,
)

DATE: ScalarDefinition = replace(
    DateDefinition, description="A day as in `2026-11-22` (ISO 8601), without a time or a time zone."
)


def moment(value: object) -> datetime:
    """A moment as a client sent it. Without a zone it would be another moment on every computer."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise ValueError("A moment is a day and time with its zone, as in `2026-11-22T09:00:00Z`.")
    return found


DATE_TIME: ScalarDefinition = replace(
    DateTimeDefinition,
    description="A moment as in `2026-11-22T09:00:00Z` (RFC 3339): given with any zone, answered in UTC.",
    specified_by_url="https://www.rfc-editor.org/info/rfc3339",
    serialize=timestamp,
    parse_value=moment,
)
