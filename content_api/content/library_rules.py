"""The rules for what is not an entity: site.json, redirects.json, recalls.json."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from content_api.content.edition import Library
from content_api.content.fields import Channel, EntityKind, State
from content_api.content.findings import Finding
from content_api.content.models import Recall
from content_api.content.suggest import suggestion

LibraryRule: TypeAlias = Callable[[Library], Iterator[Finding]]


def site_locales(library: Library) -> Iterator[Finding]:
    """The default locale and every fallback are among the locales; what the site says is said in the default locale."""
    site = library.site
    known = ", ".join(site.locales)
    if site.default_locale not in site.locales:
        found = f"The default locale `{site.default_locale}` is not among the locales"
        yield Finding("site.json", "/defaultLocale", found, f"Expected one of {known}")
    for locale, settings in site.locales.items():
        for index, fallback in enumerate(settings.fallback):
            if fallback not in site.locales or fallback == locale:
                pointer = f"/locales/{locale}/fallback/{index}"
                yield Finding("site.json", pointer, f"`{fallback}` cannot stand in for `{locale}`", f"Expected {known}")
    for field, text in (("attribution", site.attribution), ("disclaimer", site.disclaimer)):
        if site.default_locale not in text:
            found = f"There is no {field} in `{site.default_locale}`"
            yield Finding("site.json", f"/{field}", found, "The default locale is required")


def site_channels(library: Library) -> Iterator[Finding]:
    """Every channel is described, and none falls back on itself."""
    for channel in Channel:
        if channel not in library.site.channels:
            yield Finding("site.json", "/channels", f"The channel `{channel}` is missing", f"Describe `{channel}`")
    for channel, settings in library.site.channels.items():
        if channel in settings.fallback:
            pointer = f"/channels/{channel}/fallback"
            yield Finding("site.json", pointer, f"`{channel}` falls back on itself", "Expected other channels")


def redirects_lead_somewhere(library: Library) -> Iterator[Finding]:
    """A redirect leads from a name no longer in use to an entity of the same kind."""
    for index, (name, target) in enumerate(library.redirects.items()):
        pointer = f"/redirects/{index}"
        if target in library.unread:
            continue
        if target not in library.records:
            yield Finding(
                "redirects.json",
                f"{pointer}/to",
                f"There is no `{target}`",
                "Expected `kind/id` of an entity",
                suggestion(target, library.records),
            )
        elif target.partition("/")[0] != name.partition("/")[0]:
            expected = "A redirect stays within one kind"
            yield Finding("redirects.json", f"{pointer}/to", f"`{name}` is not of the kind of `{target}`", expected)
        if name in library.records or in_use(name, library):
            found = f"`{name}` is the id or slug of an entity"
            yield Finding("redirects.json", f"{pointer}/from", found, "Expected a name that is no longer in use")


def in_use(name: str, library: Library) -> bool:
    """Whether `kind/slug` is a slug in some locale today."""
    kind, _, slug = name.partition("/")
    return any((EntityKind(kind), locale, slug) in library.indexes.slugs for locale in library.site.locales)


def recalls_lead_somewhere(library: Library) -> Iterator[Finding]:
    """The replacement of a recalled entity can be read, and a caution that something requires has one.

    The recalled entity itself may be gone already.
    """
    caution = f"{EntityKind.CAUTION}/"
    for index, recall in enumerate(library.recalls.values()):
        replacement = recall.replacement
        if replacement is None:
            yield from warning_dropped(index, recall, library)
        elif recall.id.startswith(caution) and not replacement.startswith(caution):
            pointer, found = f"/recalls/{index}/replacement", f"`{replacement}` is not a caution"
            yield Finding(
                "recalls.json", pointer, found, "Only a caution can stand in for one, wherever it is required"
            )
        elif replacement not in library.unread and not is_read(replacement, library):
            yield Finding(
                "recalls.json",
                f"/recalls/{index}/replacement",
                f"`{replacement}` cannot be read",
                "Expected `kind/id` of an entity that is not recalled",
                suggestion(replacement, library.records),
            )


def recalls_say_why(library: Library) -> Iterator[Finding]:
    """The reason of a recall is given in the default locale: every answer that lacks the entity says it."""
    default = library.site.default_locale
    for index, recall in enumerate(library.recalls.values()):
        if default not in recall.reason:
            found = f"The reason for recalling `{recall.id}` is not given in `{default}`"
            yield Finding("recalls.json", f"/recalls/{index}/reason", found, "The default locale is required")


def warning_dropped(index: int, recall: Recall, library: Library) -> Iterator[Finding]:
    """A recalled caution that nothing stands in for and that published entities require: a warning would be dropped."""
    requiring = library.indexes.referrers.get((recall.id, "required_cautions"), ())
    shown = [key for key in requiring if is_read(key, library)]
    if shown:
        more = f" and {len(shown) - 1} more" if len(shown) > 1 else ""
        yield Finding(
            "recalls.json",
            f"/recalls/{index}/id",
            f"`{recall.id}` is required by `{shown[0]}`{more}, and nothing stands in for it",
            "Name another caution as its `replacement`, or take it out of their `requiredCautions`",
        )


def is_read(key: str, library: Library) -> bool:
    """Whether everybody can read an entity."""
    entity = library.entity(key)
    return entity is not None and entity.state is State.PUBLISHED and key not in library.recalls


LIBRARY_RULES: tuple[LibraryRule, ...] = (
    site_locales,
    site_channels,
    redirects_lead_somewhere,
    recalls_lead_somewhere,
    recalls_say_why,
)
