"""Reading Markdown: the parser's events, the entities that are referred to, and the plain text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pyromark

from content_api.content.fields import EntityKind

REFERENCE = re.compile(rf"ref:({'|'.join(EntityKind)})/([a-z0-9]+(?:-[a-z0-9]+)*)")
"""How another entity is linked: groups are its kind and its id."""

# Nobody can type these and no reader can see them. A tab and the line separators are read as blank and newline instead.
_UNSEEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_NEWLINES = re.compile(r"\r\n?|[\u2028\u2029\x85\x0b\x0c]")


def seen(text: str) -> str:
    """The text without what cannot be seen; its lines end in `\\n`."""
    return _UNSEEN.sub("", _NEWLINES.sub("\n", text).replace("\t", "    "))


def events(text: str) -> Iterator[tuple[str, Any]]:
    """The parser's events, `named`."""
    return map(named, pyromark.events(seen(text)))


def named(event: Any) -> tuple[str, Any]:
    """The parser's event as its name, as in `Text`, `Start List` or `End Item`, and what it holds."""
    if isinstance(event, str):
        return event, None
    [(name, detail)] = event.items()
    if name not in ("Start", "End"):
        return name, detail
    if isinstance(detail, str):
        return f"{name} {detail}", None
    [(tag, data)] = detail.items()
    return f"{name} {tag}", data


def references(text: str) -> tuple[tuple[str, str], ...]:
    """The (kind, id) of every `ref:` link of a Markdown text, each once, in order."""
    if not _MAY_LINK.search(text):
        return ()
    words, found = without_plain_links(text)
    if _MAY_CHANGE_LINKS.search(words):
        links = (detail["dest_url"] for name, detail in events(text) if name == "Start Link")
        found = [(match[1], match[2]) for match in map(REFERENCE.fullmatch, links) if match]
    return tuple(dict.fromkeys(found))


# Most texts have no link, and looking for these is fifty times quicker than parsing.
_MAY_LINK = re.compile(r"\]\(|\]:|<")


def without_plain_links(text: str) -> tuple[str, list[tuple[str, str]]]:
    """The text with the words of its plain links in their place, and the (kind, id) that each of those leads to.

    A link is plain when it leads to an entity and its text is a few words without any mark. Nearly all are. Whether it
    is a link at all is for the caller to say: what stands around it may make code of it.
    """
    if "](ref:" not in text:
        return text, []
    return _PLAIN_LINK.sub(r"\1", text), [(kind, name) for _, kind, name in _PLAIN_LINK.findall(text)]


_PLAIN_LINK = re.compile(rf"(?<!!)\[([A-Za-z](?:[A-Za-z, -]{{0,100}}[A-Za-z])?)\]\({REFERENCE.pattern}\)")
# Beside plain links: other links, what makes a link something else (code, HTML, an escape), and what `seen` takes away.
_MAY_CHANGE_LINKS = re.compile(r"[\[\]<`~\\\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]|    ")


def plain_text(text: str) -> str:
    """The text of Markdown without its marks. Empty lines part paragraphs, one or more; list items begin with `- `."""
    writer = _PlainWriter()
    for name, detail in events(text):
        writer.take(name, detail)
    writer.end_line()
    return "\n".join(writer.lines)


class _PlainWriter:
    """Writes the parser's events down as lines; "" parts paragraphs."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._line = ""
        self._lists: list[int | None] = []
        """Number of the next item of each open list; None where items are not numbered."""
        self._mark: str | None = None
        """What the next line begins with, when it is an item's first."""

    def take(self, name: str, detail: Any) -> None:
        # Comparisons, the most frequent first, rather than a match statement: that was five times slower.
        if name in ("Text", "Code"):
            self._line += detail
        elif name in ("SoftBreak", "HardBreak"):
            self._line += " " if name == "SoftBreak" else "\n"
        elif name == "Start Item":
            self._open_item()
        elif name == "Start List":
            self._open_list(detail)
        elif name == "End List":
            self._close_list()
        elif name in _OPENS_PARAGRAPH:
            self._open_paragraph()
        elif name in _ENDS_LINE:
            self.end_line()

    def end_line(self) -> None:
        if self._line.strip():
            indent = "  " * len(self._lists)
            first = indent if self._mark is None else indent[2:] + self._mark
            self.lines.append(first + self._line.strip().replace("\n", "\n" + indent))
            self._mark = None
        self._line = ""

    def _open_paragraph(self) -> None:
        self.end_line()
        if self._mark is None:
            self.lines.append("")

    def _open_list(self, first: int | None) -> None:
        self.end_line()
        if not self._lists:
            self.lines.append("")
        self._lists.append(first)

    def _close_list(self) -> None:
        self.end_line()
        self._lists.pop()
        if not self._lists:
            self.lines.append("")

    def _open_item(self) -> None:
        self.end_line()
        number = self._lists[-1]
        self._mark = "- " if number is None else f"{number}. "
        self._lists[-1] = None if number is None else number + 1


_OPENS_PARAGRAPH = frozenset({"Rule", "Start Paragraph", "Start Heading", "Start CodeBlock", "Start BlockQuote"})
_ENDS_LINE = frozenset({"End Paragraph", "End Item", "End Heading", "End CodeBlock", "End BlockQuote"})
