"""An entity as a person reads it in a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich import box
from rich.console import Group, RenderableType
from rich.markdown import Markdown
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from content_api.content.fields import EntityKind, ReviewStatus, Section, TextFormat
from content_api.content.items import items, wordings
from content_api.content.models import Caution, Severity
from content_api.content.relations import RELATIONS
from content_api.content.view import Shown

# Colour alone does not reach everybody: the frame and the word say it too.
CAUTION_STYLES = {
    Severity.CRITICAL: ("bold red", box.DOUBLE),
    Severity.WARNING: ("yellow", box.HEAVY),
    Severity.INFO: ("cyan", box.ROUNDED),
}


def portrait(shown: Shown) -> Group:
    """Everything about an entity that a view shows, the cautions before all text."""
    return Group(*_parts(shown))


def _parts(shown: Shown) -> Iterator[RenderableType]:
    yield _heading(shown)
    if isinstance(shown.entity, Caution):
        yield _caution(shown)
    for caution in shown.required_cautions():
        yield _caution(caution)
    yield Padding(Text(shown.text.summary), (1, 0))
    for section in shown.text.sections:
        yield from _section(shown, section)
    for title, table in (
        ("Said of it", _statements(shown)),
        ("Related", _relations(shown)),
        ("Sources", _sources(shown)),
        ("Codes", _codings(shown)),
    ):
        if table.row_count:
            yield Rule(title, align="left", style="dim")
            yield Padding(table, (0, 0, 1, 0))
    yield _review(shown)


def _heading(shown: Shown) -> Text:
    names = ", ".join(other.name for other in shown.text.alternate_names)
    scope = f"{shown.entity.state}, {shown.locale}, {shown.view.channel}"
    text = Text.assemble((shown.text.name, "bold underline"), f"  {shown.key}  ", (scope, "dim"))
    if shown.locale != shown.view.locale:
        text.append(f"\nNot in {shown.view.locale}; shown in {shown.locale}.", "italic")
    return text.append(f"\nAlso: {names}") if names else text


def _caution(shown: Shown) -> Panel:
    caution = shown.entity
    assert isinstance(caution, Caution)
    style, frame = CAUTION_STYLES[caution.severity]
    said = [caution.trigger, caution.action]
    lines = [Text(shown.view.wording(statement.text)) for statement in said if statement]
    title = Text(f"{caution.severity}  {shown.text.name}", style)
    shows = "must be shown" if caution.must_display else None
    return Panel(Group(*lines), title=title, title_align="left", subtitle=shows, border_style=style, box=frame)


def _section(shown: Shown, section: Section) -> Iterator[RenderableType]:
    chosen = shown.section_text(section)
    yield Rule(section.heading, align="left", style="dim")
    if chosen.is_fallback:
        stand_in = f"that for {chosen.channel}" if chosen.channel else "the summary"
        yield Text(f"No text for {shown.view.channel}; {stand_in} stands in.", "italic dim")
    body = chosen.body
    yield Markdown(body.body) if body.format is TextFormat.MARKDOWN else Text(body.body)
    yield _claim(shown, section.attributed_to)


def _statements(shown: Shown) -> Table:
    """The typed items, in the words of the view's locale."""
    table = _grid()
    for item in items(shown.record.kind, shown.entity):
        for pointer, wording in wordings(item):
            text = Text(shown.view.wording(wording)).append_text(
                _claim(shown, getattr(item.value, "attributed_to", None))
            )
            table.add_row(_spaced(pointer.removesuffix("/text")), text)
    return table


def _claim(shown: Shown, source: str | None) -> Text:
    """Whose claim something is, where it is not the publisher's own."""
    sources = shown.view.edition.library.sources
    return Text(f" [claimed by: {sources[source].title}]" if source else "", "italic")


def _spaced(pointer: str) -> str:
    """`/plan/adjustedTo/0` as `plan adjusted to`."""
    words = re.sub("([A-Z])", r" \1", pointer).lower().split("/")
    return " ".join(word for word in words if word and not word.isdecimal())


def _relations(shown: Shown) -> Table:
    """What it refers to, then, with an arrow, what refers to it by which relation."""
    table = _grid()
    for relation in RELATIONS[shown.record.kind]:
        prefix = "" if relation.kind is None else f"{relation.kind}/"
        targets = [target for target in relation.targets(shown.entity) if target is not None]
        for other in shown.view.show_all(prefix, targets):
            table.add_row(relation.name.replace("_", " "), other.text.name, Text(other.key, "dim"))
    for kind in EntityKind:
        for relation in RELATIONS[kind]:
            for other in shown.view.referrers(shown, relation.name, kind):
                table.add_row(f"← {relation.name.replace('_', ' ')}", other.text.name, Text(other.key, "dim"))
    return table


def _sources(shown: Shown) -> Table:
    table = _grid()
    for citation in shown.entity.citations:
        source = shown.view.edition.library.sources[citation.source]
        where = source.url or (f"https://doi.org/{source.doi}" if source.doi else "")
        title = Text.assemble(source.title, f" ({citation.locator})" if citation.locator else "", f"\n{where}".rstrip())
        table.add_row(citation.role.replace("_", " ").lower(), title, Text(source.conflict_of_interest, "dim"))
    return table


def _codings(shown: Shown) -> Table:
    table = _grid()
    for coding in shown.entity.codings:
        system = f"{coding.system} {coding.system_version}"
        table.add_row(
            system, f"{coding.code}  {coding.display}", Text(f"{coding.match}, {coding.verified.status}", "dim")
        )
    return table


def _review(shown: Shown) -> Text:
    review = shown.entity.review
    if review.status is ReviewStatus.NOT_CLINICALLY_REVIEWED:
        return Text(f"Not clinically reviewed. {review.status.description}", "bold")
    people = shown.view.edition.library.people
    names = ", ".join(people[reviewer].name for reviewer in review.reviewers)
    return Text(f"Clinically reviewed on {review.last_reviewed_on} by {names}; due on {review.next_review_due_on}.")


def _grid() -> Table:
    return Table.grid(padding=(0, 2))
