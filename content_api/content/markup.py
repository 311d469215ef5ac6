"""What a text must not hold: markup beyond the subset, anything unfinished, anything that nobody can see.

The subset of Markdown: paragraphs, lists, emphasis, quotes, headings of level 2 to 4, line breaks, and links to https
addresses and to `ref:<kind>/<id>`. Plain text has no markup at all. Extensions of Markdown are recognised, in order to
be refused: the renderers have them switched off and would show their marks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pyromark

from content_api.content.fields import EntityKind
from content_api.content.markdown import REFERENCE, named, without_plain_links


class Fault(NamedTuple):
    """Something a text must not hold. `offset` counts characters; the others are sentences without a full stop."""

    offset: int
    found: str
    expected: str


class _Sign(NamedTuple):
    marks: tuple[str, ...]
    """One of these is in every text that has the fault. Most texts have none: looking costs a twentieth of matching."""
    pattern: re.Pattern[str]
    found: str
    expected: str

    def faults(self, text: str) -> Iterator[Fault]:
        if _has_any(text, self.marks):
            for match in self.pattern.finditer(text):
                yield Fault(match.start(), self.found, self.expected)


# All repetitions are bounded: a text of 20,000 opening braces must not cost a scan of the rest from each of them.
_UNSEEN = _Sign(
    ("",),
    # Direction overrides make a text read otherwise than it is written. Isolates, which Arabic needs, stay allowed.
    re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\ufeff\ufffe\uffff\ud800-\udfff]"),
    "There is a control character, which nobody can see",
    "Use letters, signs, blanks and line breaks alone",
)
_LOST = _Sign(
    ("\ufffd",), re.compile("\ufffd"), "A character was lost when the text was copied", "Write the character anew"
)
_TEMPLATE = _Sign(
    ("{", "%", "[object"),
    re.compile(
        r"\{\{.{0,100}?\}\}|\{%.{0,100}?%\}|<%.{0,100}?%>|\$\{.{0,100}?\}|\{[A-Za-z_][\w.]{0,60}\}"
        r"|%\([a-z_]{1,60}\)[sd]|(?<!\d)%[sd](?![A-Za-z0-9])|\[object Object\]"
    ),
    "A template is left unfilled",
    "Write the text itself",
)
# No bare "XXX", "TBC" or "name": triple X is a set of chromosomes, and TBC is tuberculosis in half of Europe.
_PLACEHOLDER = _Sign(
    ("TODO", "FIXME", "[", "orem", "OREM"),
    re.compile(
        r"\bTODO\b|\bFIXME\b|(?i:\blorem ipsum\b)"
        r"|\[(?i:insert|add|enter|your|name|placeholder|todo|tbc|tbd|xxx|citation needed)\b[^\]\n]{0,100}\](?![(\[])"
    ),
    "A placeholder is left in the text",
    "Write the text, or leave the part out until it is written",
)
_VISIBLE_ANYWHERE = (_TEMPLATE, _PLACEHOLDER)
_ANYWHERE = (_UNSEEN, _LOST, *_VISIBLE_ANYWHERE)

_IN_PLAIN = (
    _Sign(
        ("<",),
        re.compile(r"</?[A-Za-z][^<>]{0,500}>|<!--|<[a-z]{2,20}:[^\s<>]{0,500}>|<[^\s<>@]{1,100}@[^\s<>]{1,100}>"),
        "There is HTML in plain text",
        "Write the words alone",
    ),
    _Sign(
        ("&",),
        re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"),
        "There is an HTML entity in plain text",
        "Write the character itself",
    ),
    _Sign(
        ("*", "_", "~~", "`"),
        re.compile(
            r"\*\*+|__+|~~+|`+"
            r"|(?<![\w*])\*(?=[^\s*])[^*\n]{0,200}(?<=[^\s*])\*(?![\w*])"
            r"|(?<!\w)_(?=[^\s_])[^_\n]{0,200}(?<=[^\s_])_(?!\w)"
        ),
        "There are marks of emphasis or code in plain text",
        "Write the words alone",
    ),
    _Sign(
        ("[",),
        re.compile(r"!?\[[^\]\n]{0,200}\](?:\([^)\n]{0,500}\)|\[[^\]\n]{0,200}\])|(?m:^ {0,3}\[[^\]\n]{1,200}\]:)"),
        "There is a Markdown link or image in plain text",
        "Write the words alone",
    ),
    _Sign(
        ("ref:",),
        re.compile(rf"\bref:(?:{'|'.join(EntityKind)})/"),
        "There is a reference in plain text, where it leads nowhere",
        "Name the thing in words",
    ),
    # "- " is no fault: it is how a list looks in plain text.
    _Sign(
        ("#", ">", "* ", "+ ", "---", "===", "___", "***"),
        re.compile(r"(?m:^ {0,3}(?:#{1,6} |>|[*+] |(?:-{3,}|={3,}|(?:\* ?){3,}|(?:_ ?){3,}) *$))"),
        "There is a Markdown heading, list, quote or rule in plain text",
        "Write paragraphs, and lists as lines that begin with `- `",
    ),
    _Sign(
        ("|",),
        re.compile(r"(?m:^ {0,3}\|[^\n|]{0,200}\||^ {0,3}:?-{3,}:? ?\|)"),
        "There is a table in plain text",
        "Write sentences",
    ),
)

_EXTENSIONS = (
    pyromark.Options.ENABLE_TABLES
    | pyromark.Options.ENABLE_OLD_FOOTNOTES
    | pyromark.Options.ENABLE_STRIKETHROUGH
    | pyromark.Options.ENABLE_TASKLISTS
)

# The parser's event -> what is found, and what would be right.
_HTML = ("There is raw HTML", "Use Markdown alone; write `\\<` for the sign itself")
_FOOTNOTE = ("There is a footnote", "Say it in the text, or cite a source")
_REFUSED: dict[str, tuple[str, str]] = {
    "Start HtmlBlock": _HTML,
    "InlineHtml": _HTML,
    "Start Image": ("There is an image", "Use text alone"),
    "Start CodeBlock": ("There is a block of code", "Write no fences, and fewer than four blanks before a line"),
    "Code": ("There is code", "Write the words without backticks"),
    "Start Table": ("There is a table", "Write a list or sentences"),
    "Start FootnoteDefinition": _FOOTNOTE,
    "FootnoteReference": _FOOTNOTE,
    "Start Strikethrough": ("Words are struck through", "Leave them out"),
    "TaskListMarker": ("There is a tick box", "Write an ordinary list"),
    "Rule": ("There is a rule across the text", "Part the text by a heading"),
}
_HEADINGS = ("H2", "H3", "H4")
_BAD_HEADING = ("The heading has a level that is not used", "Use levels 2 to 4: `##`, `###` or `####`")
_BAD_START = ("The list does not begin with 1", "Begin with `1.`; where no list is meant, write `\\.` after the number")
_BAD_LINK = ("The link leads elsewhere than allowed", "Links are `https://…` or `ref:<kind>/<id>`")
_LINK_TITLE = ("The link has a title, which nobody would see", "Leave the title out")
_LINK_EMPTY = ("The link has no text", "Write between the brackets what it leads to")
_LINK_UNDEFINED = ("The link has no address", "Write `[text](address)`")
_UNPAIRED = (
    "A mark of emphasis stands alone and would be shown",
    "Put `**` right before the words and right after them",
)
_LINK = re.compile(rf"https://[^\s<>\"\\/?#]+(?:[/?#][^\s<>\"\\]*)?|{REFERENCE.pattern}")
_PAIRED_MARK = re.compile(r"\*\*+|__+")

# Without one of these a text is paragraphs and lists of dashes, and need not be parsed.
_SYNTAX = ("<", "[", "`", "&", "|", "~", "_", "#", "=", "*", "\\", "!", "    ", "\t")
_SYNTAX_OF_SEVERAL = re.compile(r"\d[.)]|-[ -]*-")


# What most texts are made of, so that one cheap look at each is enough, instead of one for each sign. Tests hold these
# to the signs: a text that passes has no fault.
_VISIBLE = bytes(range(0x20, 0x7F)) + b"\n"
_PLAIN = bytes(code for code in _VISIBLE if chr(code) not in "<&*_~`[#>|{%+=")
_PROSE = bytes(code for code in _PLAIN if chr(code) not in "\\!0123456789")
_WORDS = ("ref:", "TODO", "FIXME", "orem", "OREM", "--")
_RULES_AND_CODE = ("- -", "-  -", "-   -", "    ")  # a list of dashes is neither


def markdown_faults(text: str) -> Iterator[Fault]:
    """What a Markdown text holds that it must not, in the order of the text."""
    words, _ = without_plain_links(text)
    if not (_consists_of(_PROSE, words) and not _has_any(words, _WORDS + _RULES_AND_CODE)):
        yield from sorted(_all_markdown_faults(text))


def plain_faults(text: str) -> Iterator[Fault]:
    """What a plain text holds that it must not, in the order of the text."""
    if not (_consists_of(_PLAIN, text) and not _has_any(text, _WORDS)):
        yield from sorted(_all_plain_faults(text))


def _consists_of(characters: bytes, text: str) -> bool:
    return text.isascii() and not text.encode().translate(None, characters)


def _has_any(text: str, marks: tuple[str, ...]) -> bool:
    for mark in marks:  # noqa: SIM110 - any() with a generator costs ten times the look itself
        if mark in text:
            return True
    return False


def _all_markdown_faults(text: str) -> set[Fault]:
    signs = _VISIBLE_ANYWHERE if _consists_of(_VISIBLE, text) else _ANYWHERE
    faults = {fault for sign in signs for fault in sign.faults(text)}
    if _has_any(text, _SYNTAX) or _SYNTAX_OF_SEVERAL.search(text):
        faults.update(_syntax_faults(text))
    return faults


def _all_plain_faults(text: str) -> set[Fault]:
    return {fault for sign in _ANYWHERE + _IN_PLAIN for fault in sign.faults(text)}


def _syntax_faults(text: str) -> Iterator[Fault]:
    # The parser takes no lone surrogates; a stand-in of one character keeps the offsets.
    source = re.sub(r"[\ud800-\udfff]", "?", text).encode()
    for start, (found, expected) in _syntax_findings(source.decode(), source):
        yield Fault(len(source[:start].decode()), found, expected)


def _syntax_findings(text: str, source: bytes) -> Iterator[tuple[int, tuple[str, str]]]:
    """Offsets in bytes, as the parser gives them, and what is wrong there."""
    undefined: list[Any] = []
    before, written = "", _Written()
    for event, place in pyromark.events_with_range(text, options=_EXTENSIONS, broken_link_callback=undefined.append):
        name, detail = named(event)
        if (finding := _event_finding(name, detail)) is not None:
            yield place["start"], finding
        if (name, before) == ("End Link", "Start Link"):
            yield place["start"], _LINK_EMPTY
        if name == "Text":
            yield from written.findings(place["start"], source[place["start"] : place["end"]], detail)
        before = name
    # `[sic]` is not meant as a link; `[this][that]` is.
    yield from ((link["span"]["start"], _LINK_UNDEFINED) for link in undefined if link["link_type"] != "Shortcut")
    yield from _definition_findings(text)


def _event_finding(name: str, detail: Any) -> tuple[str, str] | None:
    if name == "Start Heading":
        return None if detail["level"] in _HEADINGS else _BAD_HEADING
    if name == "Start List":
        return None if detail in (None, 1) else _BAD_START
    if name == "Start Link" and not detail["id"]:
        return _link_finding(detail["dest_url"], detail["title"])
    return _REFUSED.get(name)


def _link_finding(address: str, title: str | None) -> tuple[str, str] | None:
    if not _LINK.fullmatch(address):
        return _BAD_LINK
    return _LINK_TITLE if title else None


def _definition_findings(text: str) -> Iterator[tuple[int, tuple[str, str]]]:
    """Faults of `[label]: address` lines, used or not. What is used is told of here and not where it is used."""
    for definition in pyromark.reference_definitions(text, options=_EXTENSIONS).values():
        finding = _link_finding(definition["dest"], definition["title"])
        if finding is not None:
            yield definition["span"]["start"], finding


class _Written:
    """Looks at what would be shown. The parser gives it in pieces; those that touch in the source belong together."""

    def __init__(self) -> None:
        self._tail = ""
        self._end = -1

    def findings(self, start: int, source: bytes, text: str) -> Iterator[tuple[int, tuple[str, str]]]:
        as_is = source.decode() == text
        if not as_is and (_UNSEEN.pattern.search(text) or _LOST.pattern.search(text)):
            yield start, (_UNSEEN.found, _UNSEEN.expected)
        # `\**` is an escaped asterisk and another one: pieces with a gap between them, and nothing to complain of.
        tail = self._tail if self._end == start else ""
        joined = tail + text if as_is else ""
        for mark in _PAIRED_MARK.finditer(joined):
            yield start + len(joined[: mark.start()].encode()) - len(tail), _UNPAIRED
        self._tail = joined[-1:] if joined[-1:] in ("*", "_") and not _PAIRED_MARK.search(joined) else ""
        self._end = start + len(source)
