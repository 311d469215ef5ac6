"""A view: an edition in one locale and one channel. Everything a client reads, it reads through one of these.

A view decides what may be seen (published, not hidden by a recall), in which locale an entity is served (one for the
whole entity, never field by field), and which channel's text stands for a section.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from content_api.content import tags
from content_api.content.edition import Edition, Record, stand_in
from content_api.content.fields import (
    Body,
    Channel,
    EntityKind,
    EntityText,
    Section,
    State,
    TextFormat,
    TranslationStatus,
)
from content_api.content.models import Caution, Entity, Person, Recall, Severity, Source
from content_api.content.noted import noted_by, touch, unnoted
from content_api.errors import RequestError

SEVERITY_RANK = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class SectionText:
    """The text that stands for a section in a channel. `channel` is None where it is the entity's summary."""

    body: Body
    channel: Channel | None
    is_fallback: bool


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """An entity as a view shows it: its record, and the locale and text chosen for it."""

    view: View
    record: Record
    locale: str
    text: EntityText

    @property
    def entity(self) -> Entity:
        return self.record.entity

    @property
    def key(self) -> str:
        """`kind/id`."""
        return self.record.key

    def section_text(self, section: Section) -> SectionText:
        """The section's text for the view's channel, or for the first channel that stands in for it, or the summary."""
        for channel in self.view.channels:
            body = section.channels.of(channel)
            if body is not None:
                return SectionText(body, channel, channel is not self.view.channel)
        return SectionText(Body(format=TextFormat.PLAIN, body=self.text.summary), None, True)

    def required_cautions(self) -> list[Shown]:
        """The cautions that must be shown with this, the gravest first; for a recalled one, what stands in for it."""
        keys = dict.fromkeys(f"{EntityKind.CAUTION}/{name}" for name in self.entity.required_cautions)
        if self.view.edition.recalls:
            keys = dict.fromkeys(self.view.standing(keys))
        return in_caution_order(self.view.show_all("", keys))


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """Make one with `view_of`, which keeps them: a view remembers what it has worked out."""

    edition: Edition
    locale: str
    """The locale asked for."""
    channel: Channel
    """The channel asked for."""
    drafts: bool
    """Whether drafts, of entities and of translations, are shown: in previews only."""
    locales: tuple[str, ...]
    """Locales in which an entity may be served here, the first that it has wins; the default locale is last."""
    channels: tuple[Channel, ...]
    """Channels whose text may be served here, the first that a section has wins."""
    _shown: dict[str, Shown | None] = field(default_factory=dict, repr=False)
    _in_order: dict[EntityKind, tuple[Shown, ...]] = field(default_factory=dict, repr=False)
    _hidden: dict[str, Shown | None] = field(default_factory=dict, repr=False)
    _made: dict[Shown | None, dict[Any, Any]] = field(default_factory=dict, repr=False)
    _day: list[date] = field(default_factory=list, repr=False)

    def show(self, key: str) -> Shown | None:
        """The entity with a key (`kind/id`), or None where there is none to be seen."""
        try:
            shown = self._shown[key]
        except KeyError:
            shown = self._look_up(key)
        noted = noted_by()
        if noted is not None:
            if shown is not None:
                noted.tags.add(key)
            else:
                self._note_missing(key)
        return shown

    def _note_missing(self, key: str) -> None:
        """Note what is not to be seen: one day it may be, or it would be but for a recall.

        By the list of its kind, in which it would then be: its own tag would tell the public the name of a draft.
        """
        if tags.is_name(key):
            touch(tags.listed(EntityKind(key.partition("/")[0])))
        if self.edition.recalls:
            self.note(key)

    def _look_up(self, key: str) -> Shown | None:
        record = self.edition.library.records.get(key)
        if record is None:
            return None  # not remembered: a client can name any number of things that are not there
        shown = self._shown[key] = None if self.edition.hides(key) else self._choose(record)
        return shown

    def hidden(self, key: str) -> Shown | None:
        """What would be shown of an entity that a recall hides, were it not for that: to look for it, never to serve.

        Remembered, because filters remember what they have found out about a Shown.
        """
        if key not in self._hidden:
            record = self.edition.library.records.get(key)
            if record is None or not self.edition.hides(key):
                return None
            self._hidden[key] = self._choose(record)
        return self._hidden[key]

    def note(self, key: str) -> None:
        """Note that an entity was asked for, if a recall alone hides it, or it is recalled and gone from the files."""
        noted = noted_by()
        if noted is None:
            return
        reason = self.edition.withheld.get(key, key)
        recall = self.edition.recalls.get(reason)
        if recall is None:
            return
        noted.tags.update((key, tags.RECALLS))
        if key not in self.edition.library.records or self.hidden(key):
            noted.recalled[key, reason] = recall

    def note_all(self, kind: EntityKind, choose: Callable[[Sequence[Shown]], Sequence[Shown]] | None) -> None:
        """Note the entities of a kind that a list lacks because of a recall; those that it would choose, if it does."""
        if noted_by() is None:
            return
        keys = [key for key in (*self.edition.recalls, *self.edition.withheld) if key.startswith(f"{kind}/")]
        hidden: Sequence[Shown] = [shown for key in keys if (shown := self.hidden(key))]
        if choose:
            with unnoted():
                hidden = choose(hidden)
        for shown in hidden:
            self.note(shown.key)

    def standing(self, cautions: Iterable[str]) -> Iterator[str]:
        """The cautions to be shown where these are required, by key; each that is recalled is noted."""
        for key in cautions:
            if key in self.edition.recalls:
                self.note(key)
            standing = stand_in(key, self.edition.library, self.edition.recalls)
            if standing is not None:
                yield standing

    def made(self, shown: Shown | None) -> dict[Any, Any]:
        """Where to keep what was made of an entity of this view, or, for None, of its lists: until midnight at most.

        Of all that is said of an entity the day decides on one thing, whether its review is overdue.
        """
        today = self.edition.clock()
        if self._day != [today]:
            self._made.clear()
            self._day[:] = [today]
        kept = self._made.get(shown)
        if kept is None:
            kept = self._made[shown] = {}
        return kept

    def forget(self) -> Sequence[dict[Any, Any]]:
        """Let go of what was worked out, which refers back to this view: it is the caller's, to get rid of.

        Reading on works it out again.
        """
        kept: tuple[dict[Any, Any], ...] = (self._in_order, self._shown, self._hidden, self._made)
        worked_out = [each.copy() for each in kept]
        for each in kept:
            each.clear()
        return worked_out

    def _choose(self, record: Record) -> Shown | None:
        allowed = (State.PUBLISHED, State.DRAFT) if self.drafts else (State.PUBLISHED,)
        if record.entity.state not in allowed:
            return None
        for locale in self.locales:
            text = record.entity.text.get(locale)
            if text is not None and self.may_serve(text):
                return Shown(self, record, locale, text)
        return None

    def may_serve(self, text: EntityText) -> bool:
        """Whether a text may be served here: translations nobody has checked are for previews only."""
        return self.drafts or text.translation.status is not TranslationStatus.DRAFT

    def wording(self, text: Mapping[str, str]) -> str:
        """A text that is not an entity's, in the first locale of this view that it is written in.

        The recalls of a later version may be written in none of them: then in the first there is.
        """
        return next((text[locale] for locale in self.locales if locale in text), None) or next(iter(text.values()))

    def show_all(self, prefix: str, ids: Iterable[str]) -> list[Shown]:
        """The entities with these ids that can be seen, in the order given. `prefix` is `kind/`, or empty for keys."""
        found = (self.show(prefix + name) for name in ids)
        return [shown for shown in found if shown is not None]

    def referrers(self, shown: Shown, relation: str, kind: EntityKind) -> list[Shown]:
        """The entities of a kind that can be seen and refer to one by a relation, in that kind's usual order."""
        touch(tags.referred(shown.key))
        keys = self.edition.library.indexes.referrers.get((shown.key, relation), ())
        found = self.show_all("", (key for key in keys if key.startswith(f"{kind}/")))
        return in_usual_order(kind, found)

    def with_code(self, system: str, code: str) -> list[Shown]:
        """The entities that can be seen and carry a code, sorted by key."""
        touch(tags.CODES)
        return self.show_all("", self.edition.library.indexes.codes.get((system, code), ()))

    def all(self, kind: EntityKind) -> tuple[Shown, ...]:
        """Every entity of a kind that can be seen, in its usual order."""
        touch(tags.listed(kind))
        if kind not in self._in_order:
            keys = self.edition.library.indexes.kinds.get(kind, ())
            with unnoted():  # which of them a client would have seen, `note_all` says each time
                self._in_order[kind] = tuple(in_usual_order(kind, self.show_all("", keys)))
        return self._in_order[kind]

    def by_key(self, kind: EntityKind, name: str) -> Shown | None:
        """The entity with an id, or the one that a redirect from that id leads to."""
        self._note_named(kind, name)
        return self.show(f"{kind}/{name}") or self._redirected(kind, name)

    def by_slug(self, kind: EntityKind, slug: str) -> Shown | None:
        """The entity with a slug in a locale of this view, or the one that a redirect from that slug leads to."""
        library = self.edition.library
        self._note_named(kind, slug)
        for locale in self.locales:
            for key in library.indexes.slugs.get((kind, locale, slug), ()):
                if self.may_serve(library.records[key].entity.text[locale]) and (shown := self.show(key)):
                    return shown
        touch(tags.listed(kind))  # whether there is a draft of that name or nothing at all
        return self._redirected(kind, slug)

    def _note_named(self, kind: EntityKind, name: str) -> None:
        """Note what a client named, in its own words: an entity or a redirect may come to have that name."""
        if tags.is_name(key := f"{kind}/{name}"):
            touch(key)

    def source(self, name: str) -> Source:
        """The source with an id that content cites; the rules see to it that it is there."""
        touch(tags.source(name))
        return self.edition.library.sources[name]

    def person(self, name: str) -> Person:
        """The person with an id that content names; the rules see to it that it is there."""
        touch(tags.person(name))
        return self.edition.library.people[name]

    def recalls(self) -> Collection[Recall]:
        """Everything that is recalled, by key."""
        touch(tags.RECALLS)
        recalls = self.edition.recalls
        return [recalls[key] for key in sorted(recalls)]

    def _redirected(self, kind: EntityKind, name: str) -> Shown | None:
        target = self.edition.library.redirects.get(f"{kind}/{name}")
        return self.show(target) if target else None


def view_of(edition: Edition, locale: str | None = None, channel: Channel = Channel.WEB, drafts: bool = False) -> View:
    """The view of an edition; without a locale, in the default one. Raises RequestError for a locale not served."""
    site = edition.library.site
    asked = site.default_locale if locale is None else locale
    if asked not in site.locales:
        raise RequestError(
            "LOCALE_NOT_AVAILABLE",
            f"`{asked[:20]}` is not a locale of this content.",
            f"Ask for one of {', '.join(site.locales)}.",
        )
    view: View | None = edition.memo.get((View, asked, channel, drafts))
    if view is None:
        locales = dict.fromkeys((asked, *site.locales[asked].fallback, site.default_locale))
        channels = dict.fromkeys((channel, *site.channels[channel].fallback))
        view = View(edition, asked, channel, drafts, tuple(locales), tuple(channels))
        edition.memo[View, asked, channel, drafts] = view
    return view


def in_usual_order(kind: EntityKind, entities: Iterable[Shown]) -> list[Shown]:
    """By name, ignoring case and accents, then by key; cautions the gravest first."""
    if kind is EntityKind.CAUTION:
        return in_caution_order(entities)
    return sorted(entities, key=lambda shown: (folded_once(shown.text.name), shown.key))


def in_caution_order(entities: Iterable[Shown]) -> list[Shown]:
    """By severity, critical first, then by display order, then by id."""

    def place(shown: Shown) -> tuple[int, int, str]:
        caution = shown.entity
        assert isinstance(caution, Caution)
        return SEVERITY_RANK[caution.severity], caution.display_order, caution.id

    return sorted(entities, key=place)


def folded(text: str) -> str:
    """A text as it is compared: without case and accents."""
    if text.isascii():
        return text.casefold()
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(char for char in decomposed if not unicodedata.combining(char)).casefold()


# Names and slugs of 50,000 entities fit; a text that was pushed out is only folded again. This is for the content's
# texts alone: what a client sends may be long and new each time, and would be kept.
folded_once = lru_cache(maxsize=2**17)(folded)
