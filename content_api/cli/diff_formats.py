"""What differs between two versions for a person, for a program, and for a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any

import orjson
import typer
from rich.console import Console
from rich.text import Text

from content_api.cli.comparison import Comparison, Row, Side
from content_api.content.change import Change, ChangeKind
from content_api.content.fields import State
from content_api.content.patch import ABSENT
from content_api.content.report import plural

STYLES = {
    ChangeKind.ADDED: "bold green",
    ChangeKind.CHANGED: "bold yellow",
    ChangeKind.RENAMED: "bold cyan",
    ChangeKind.WITHDRAWN: "bold red",
    ChangeKind.REMOVED: "bold red",
}
GONE, COME = ("- ", "red"), ("+ ", "green")
_ALIKE = 0.4
"""How much two texts must have in common, of 1, for marks on single words to help: below, nearly all is marked."""


# --- For a person ----------------------------------------------------------------------------------------------------


def as_text(found: Comparison) -> None:
    """Entity by entity and field by field, then how many; in colour at a terminal."""
    parts = [Text(f"{found.older.name} .. {found.newer.name}", "dim")]
    parts += [_entity(found, change) for change in found.changes]
    if found.other_files:
        parts.append(Text("\n".join(["Other files that differ:", *(f"  {path}" for path in found.other_files)])))
    parts.append(Text(found.count, "bold"))
    Console(soft_wrap=True, highlight=False).print(Text("\n\n").join(parts))


def _entity(found: Comparison, change: Change) -> Text:
    name, draft = _printable(found.name(change)), _draft(found, change)
    lines = [Text.assemble((change.kind.lower(), STYLES[change.kind]), f"  {_key(change)}  ", name, draft)]
    if reason := found.reason(change):
        lines.append(Text(f"  why: {_printable(reason)}"))
    for row in found.rows(change):
        lines.append(Text(f"  {_place(row)}", "bold"))
        lines += [Text("    ").append_text(line) for line in _difference(row)]
    if change.affected:
        first, more = _first(change.affected)
        lines.append(Text(f"  affects {', '.join(first)}{more}", "dim"))
    return Text("\n").join(lines)


def _key(change: Change) -> str:
    return f"{change.previous_key} -> {change.key}" if change.previous_key else change.key


def _draft(found: Comparison, change: Change) -> str:
    return " (draft)" if found.state(change) is State.DRAFT else ""


def _place(row: Row) -> str:
    moved = f" (moved from {row.came_from})" if row.came_from else ""
    return f"{row.pointer}{' (draft translation)' if row.is_draft else ''}{moved}"


def _first(names: Sequence[str], most: int = 5) -> tuple[Sequence[str], str]:
    """The first of many names, and how many more there are: a caution may be required by thousands."""
    return names[:most], f" and {len(names) - most:,} more" if len(names) > most else ""


def _difference(row: Row) -> Iterator[Text]:
    """The lines that went and that came, with what differs within them marked; nothing of what only moved."""
    if row.came_from:
        return
    before, after = _lines(row.before), _lines(row.after)
    for tag, i, j, m, n in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            yield Text("  ...", "dim")
        else:
            old, new = before[i:j], after[m:n]
            yield from _marked("\n".join(old) if old else None, "\n".join(new) if new else None)


def _lines(value: Any) -> list[str]:
    """A value as lines: a text as it is, anything else as JSON."""
    if value is ABSENT:
        return []
    text = value if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
    return _printable(text).split("\n")


# Controls but for tab and line feed, and what turns the direction of writing: a reviewer must see what stands there.
_STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def _printable(text: str) -> str:
    """A text with what would steer a terminal written out."""
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _marked(before: str | None, after: str | None) -> Iterator[Text]:
    """Lines that were replaced by others, with the words in relief that are not in both."""
    old, new = _words(before), _words(after)
    matcher = SequenceMatcher(None, old, new)
    mark = " reverse" if matcher.ratio() > _ALIKE else ""
    steps = [(tag == "equal", old[i:j], new[m:n]) for tag, i, j, m, n in matcher.get_opcodes()]
    if before is not None:
        yield from _signed(GONE, [(words, same) for same, words, _ in steps], mark)
    if after is not None:
        yield from _signed(COME, [(words, same) for same, _, words in steps], mark)


def _signed(kind: tuple[str, str], parts: Iterable[tuple[list[str], bool]], mark: str) -> Iterator[Text]:
    sign, style = kind
    text = Text("")
    for words, is_same in parts:
        text.append("".join(words), style if is_same else style + mark)
    for line in text.split("\n", allow_blank=True):
        yield Text(sign, style).append_text(line)


def _words(text: str | None) -> list[str]:
    """Words, and the blanks between them, which difflib calls junk in a long text and is quick in spite of them."""
    return re.findall(r"\S+|\s+", text or "")


# --- For a program ---------------------------------------------------------------------------------------------------


def as_json(found: Comparison) -> None:
    """One JSON object. A field that was not there, or is not there any more, has no `before` or no `after`."""
    said = {
        "differs": found.differs,
        "from": _version(found.older),
        "to": _version(found.newer),
        "changes": [_change(found, each) for each in found.changes],
        "otherFiles": found.other_files,
    }
    typer.echo(orjson.dumps(said, option=orjson.OPT_INDENT_2))


def _version(side: Side) -> dict[str, str]:
    return {"version": side.edition.version.id, "name": side.name}


def _change(found: Comparison, change: Change) -> dict[str, Any]:
    return {
        "kind": change.kind,
        "key": change.key,
        "previousKey": change.previous_key,
        "state": found.state(change),
        "names": change.names,
        "reason": change.reason,
        "fields": [
            {"path": each.pointer}
            | {name: value for name, value in (("before", each.before), ("after", each.after)) if value is not ABSENT}
            for each in change.fields
        ],
        "affected": change.affected,
    }


# --- For a pull request ----------------------------------------------------------------------------------------------

MOST_CHARACTERS = 60_000
"""GitHub takes 65,536 for a description or a comment, and an editor may want to add a word."""


def as_markdown(found: Comparison) -> None:
    """Markdown in which all that comes from the content stands in code, where no character of it means anything."""
    typer.echo("\n\n".join(_markdown(found)))


def _markdown(found: Comparison) -> Iterator[str]:
    """Paragraphs. Where there is no room left for all of an entity, its heading stands alone, or nothing does."""
    yield f"### Content: {_code(found.older.name)} to {_code(found.newer.name)}"
    yield found.count
    room, left_out = MOST_CHARACTERS, 0
    for change in found.changes:
        whole = "\n\n".join(_paragraphs(found, change))
        left_out += len(whole) > room
        for form in (whole, _heading(found, change)):
            if len(form) <= room:
                yield form
                room -= len(form) + 2
                break
    if left_out:
        entities = plural(left_out, "entity", "entities")
        yield f"There is no room here for all of {entities}: `content-api diff` shows it."
    if found.other_files:
        first, more = _first(found.other_files, 20)
        yield f"Other files that differ: {', '.join(map(_code, first))}{more}."


def _paragraphs(found: Comparison, change: Change) -> Iterator[str]:
    yield _heading(found, change)
    if reason := found.reason(change):
        yield f"Why: {_code(reason)}"
    for row in found.rows(change):
        yield _code(_place(row))
        if not row.came_from:
            yield _fenced(_difference(row))
    if change.affected:
        first, more = _first(change.affected)
        yield f"Affects {', '.join(map(_code, first))}{more}."


def _heading(found: Comparison, change: Change) -> str:
    named = f"{_code(_key(change))} {_code(found.name(change))}"
    return f"#### {change.kind.capitalize()}: {named}{_draft(found, change)}"


def _code(text: str) -> str:
    """A text as a code span, which no backtick in it can end."""
    text = " ".join(text.split())
    ticks = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    return f"{ticks} {text} {ticks}" if "`" in text else f"{ticks}{text}{ticks}"


def _fenced(lines: Iterable[Text]) -> str:
    """Lines as a code block, which none of them can end, because each begins with a sign."""
    return "\n".join(["```diff", *(line.plain for line in lines), "```"])
