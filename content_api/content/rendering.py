"""Text in its three forms: Markdown, HTML and plain text.

Editors write plain text or a small CommonMark subset, and content/markup.py finds what is outside of it before it is
served. The renderers trust nothing all the same: whatever the text is, no other tag or link scheme leaves `html`.

Links to other entities are written `ref:<kind>/<id>`. They stay so in the HTML (`href="ref:cause/toxins"`) unless
the caller says where each leads: every frontend has its own addresses, and a guess of ours would be a dead link.
"""

from __future__ import annotations

import html as html_library
import re
from collections.abc import Callable
from functools import lru_cache

import nh3
import pyromark

from content_api.content.fields import Body, TextFormat
from content_api.content.markdown import REFERENCE, plain_text, seen

TAGS = frozenset({"p", "ul", "ol", "li", "em", "strong", "a", "h2", "h3", "h4", "blockquote", "br"})

# rel is added to https links alone, below: a link within the publisher's own pages may tell where the reader came from.
_CLEANER = nh3.Cleaner(
    tags=set(TAGS),
    attributes={"a": {"href"}},
    url_schemes={"https", "ref"},
    url_relative="deny",
    link_rel=None,
)

# --- The three forms -------------------------------------------------------------------------------------------------


def markdown(body: Body) -> str:
    """The text as Markdown. Plain text is escaped, so that it reads the same when it is rendered."""
    if body.format is TextFormat.MARKDOWN:
        return body.body
    return "\n\n".join("\\\n".join(map(_escaped, paragraph)) for paragraph in _paragraphs(body.body))


def html(body: Body, link: Callable[[str, str], str | None] | None = None) -> str:
    """The text as sanitised HTML, of TAGS alone, with no attribute but the `href` and `rel` of links.

    `link` takes the kind and id of an entity that is referred to and gives the address of its page, or None where it
    has none (`<a>` without `href` is HTML's own way to say so). Without `link`, references stay `ref:<kind>/<id>`.
    """
    clean = _html_of_markdown(body.body) if body.format is TextFormat.MARKDOWN else _html_of_plain(body.body)
    # Safe as a regular expression, because this is the sanitiser's output: there, `<` and `"` stand for nothing else.
    return _OPENING.sub(lambda opening: _anchor(opening[1], link), clean)


def plain(body: Body) -> str:
    """The text without any markup: paragraphs parted by an empty line, list items as lines that begin with `- `."""
    text = plain_text(body.body) if body.format is TextFormat.MARKDOWN else body.body
    return "\n\n".join("\n".join(paragraph) for paragraph in _paragraphs(text))


def _paragraphs(text: str) -> tuple[tuple[str, ...], ...]:
    """The lines of each paragraph. Blanks before a line stay: they indent the lists within lists."""
    lines = "\n".join(line.rstrip() for line in seen(text).split("\n"))
    return tuple(tuple(part.split("\n")) for part in re.split(r"\n{2,}", lines.strip("\n")) if part)


# --- HTML ------------------------------------------------------------------------------------------------------------

_OPENING = re.compile(r'<a href="([^"]*)">')


# 2,048: two full pages of 100 entities with ten sections each. Rendering 1 kB takes about 40 microseconds, so a miss is
# no harm, and the worst that a body allows (20,000 characters, twice that as HTML) keeps it under 100 MB, usually 4.
@lru_cache(maxsize=2_048)
def _html_of_markdown(text: str) -> str:
    return _CLEANER.clean(pyromark.html(seen(text)))


def _html_of_plain(text: str) -> str:
    # The sanitiser has nothing to do here but to write entities as it does in Markdown's HTML.
    paragraphs = ("<br>\n".join(html_library.escape(line.lstrip(" ")) for line in lines) for lines in _paragraphs(text))
    return _CLEANER.clean("".join(f"<p>{paragraph}</p>\n" for paragraph in paragraphs))


def _anchor(href: str, link: Callable[[str, str], str | None] | None) -> str:
    if not href.startswith("ref:"):
        return f'<a href="{href}" rel="noopener noreferrer">'
    reference = REFERENCE.fullmatch(href)
    if reference is None:
        return "<a>"
    address = href if link is None else link(reference[1], reference[2])
    return "<a>" if address is None else f'<a href="{html_library.escape(address)}">'


# --- Markdown of plain text ------------------------------------------------------------------------------------------

# Only what can be markup is escaped, for the result is read by people too. `|` and `~` are for renderers with tables.
_MARKUP = re.compile(r"[\\`*_\[\]<|~]|&(?=[#A-Za-z])")
_BEFORE_MARK_AT_START = re.compile(r"^(?:\d+(?=[.)])|(?=[#>+=-]))")


def _escaped(line: str) -> str:
    return _BEFORE_MARK_AT_START.sub(r"\g<0>\\", _MARKUP.sub(r"\\\g<0>", line.lstrip(" ")))
