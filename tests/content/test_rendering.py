"""Text in its three forms, and that nothing else ever leaves them."""

from __future__ import annotations

import html as html_library
import re
import unicodedata
from html.parser import HTMLParser

import nh3
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from content_api.content.fields import Body, TextFormat
from content_api.content.markdown import references
from content_api.content.rendering import TAGS, html, markdown, plain


def markdown_body(text: str) -> Body:
    return Body(format=TextFormat.MARKDOWN, body=text)


def plain_body(text: str) -> Body:
    return Body(format=TextFormat.PLAIN, body=text)


# Pieces that mean something to a parser of Markdown or HTML, among anything at all.
PIECES = st.sampled_from(
    [
        *(
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "<a href='javascript:x'>",
            "</p>",
            "<!--",
            "<b>",
        ),
        *("<svg><style>", "<math>", "<a href=\"https://x/<a href='ref:cause/x'>", "&lt;b&gt;", "&#0;", "&#x202e;", "&"),
        *("[x](javascript:alert)", "[x](JaVa&#115;cript:x)", "[x](ref:cause/x)", "[x](https://x.org/?a=1&b='\")"),
        *("[x](data:text/html,x)", "<javascript:x>", "![i](x)", "[x]: javascript:y\n", "[x]", "](", "[", "`", "```\n"),
        *(
            "\n",
            "\n\n",
            "- ",
            "1. ",
            "12) ",
            "# ",
            "> ",
            "    ",
            "\t",
            "---\n",
            "===\n",
            "* ",
            "+ ",
            "**",
            "*",
            "_",
            "\\",
        ),
        *("\r\n", "\r", "\x00", "\x0b", "\x1b[31m", "\x85", "\u2028", "\u00a0", "|", "~~", "word", "é", "🙂"),
    ]
)
# A Body holds no empty text and no lone surrogates: pydantic sees to that.
ANYTHING = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6)
TEXTS = st.lists(PIECES | ANYTHING, min_size=1, max_size=30).map("".join)
BODIES = st.builds(lambda text, form: Body(format=form, body=text), TEXTS, st.sampled_from(TextFormat))


ALLOWED = {"p", "ul", "ol", "li", "em", "strong", "a", "h2", "h3", "h4", "blockquote", "br"}


class Seen(HTMLParser):
    """What a browser finds in a piece of HTML."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def test_markdown_becomes_html_of_the_listed_tags():
    text = "## Heading\n\nSome *soft* and **strong** words  \nnext line\n\n- one\n- two\n\n1. first\n\n> said"
    assert html(markdown_body(text)) == (
        "<h2>Heading</h2>\n<p>Some <em>soft</em> and <strong>strong</strong> words<br>\nnext line</p>\n"
        "<ul>\n<li>one</li>\n<li>two</li>\n</ul>\n<ol>\n<li>first</li>\n</ol>\n<blockquote>\n<p>said</p>\n</blockquote>\n"
    )


def test_a_reference_stays_a_reference_in_html():
    rendered = html(markdown_body("See [neuropathic pain](ref:condition/neuropathic-pain)."))
    assert rendered == '<p>See <a href="ref:condition/neuropathic-pain">neuropathic pain</a>.</p>\n'


def test_a_reference_leads_where_the_caller_says():
    rendered = html(markdown_body("[a](ref:cause/toxins)"), lambda kind, key: f'/{kind}s/{key}?from="x"&y')
    assert rendered == '<p><a href="/causes/toxins?from=&quot;x&quot;&amp;y">a</a></p>\n'


def test_a_reference_without_a_page_becomes_a_link_without_an_address():
    assert html(markdown_body("[a](ref:cause/toxins)"), lambda kind, key: None) == "<p><a>a</a></p>\n"


def test_a_link_to_another_site_does_not_tell_where_the_reader_came_from():
    rendered = html(markdown_body("[a](https://example.org/?x=1&y)"))
    assert rendered == '<p><a href="https://example.org/?x=1&amp;y" rel="noopener noreferrer">a</a></p>\n'


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "java&#115;cript:alert(1)",
        "http://example.org",
        "/relative",
        "//host",
        "data:x",
        "ref:x/y",
    ],
)
def test_any_other_link_loses_its_address(address):
    assert html(markdown_body(f"[a]({address})")) == "<p><a>a</a></p>\n"


def test_raw_html_is_taken_out():
    assert html(markdown_body("a <script>alert(1)</script><span onclick='x'>b</span>")) == "<p>a b</p>\n"


def test_plain_text_becomes_escaped_paragraphs():
    assert html(plain_body("a < b & c\n- d\n\n\n*e*\r\n")) == "<p>a &lt; b &amp; c<br>\n- d</p>\n<p>*e*</p>\n"


def test_plain_text_is_escaped_as_markdown_only_where_it_would_be_markup():
    text = "1998. A year, R&D & more - all well.\n# not *a* heading\n- no list (see [x])"
    assert markdown(plain_body(text)) == (
        "1998\\. A year, R\\&D & more - all well.\\\n\\# not \\*a\\* heading\\\n\\- no list (see \\[x\\])"
    )


def test_markdown_of_markdown_is_what_the_editor_wrote():
    assert markdown(markdown_body("*a*\n\n- b")) == "*a*\n\n- b"


def test_plain_text_of_markdown_is_readable():
    text = (
        "## Heading\n\nSome *soft* words\non [neuralgia](ref:cause/x) &amp; more.  \nNext line.\n\n"
        "- one\n- two\n\n  more of two\n  1. first\n  2. second\n- three\n\n> said\n\n---\n\n3. late\n4. later\n\nEnd."
    )
    assert plain(markdown_body(text)) == (
        "Heading\n\nSome soft words on neuralgia & more.\nNext line.\n\n- one\n- two\n\n  more of two\n"
        "  1. first\n  2. second\n- three\n\nsaid\n\n3. late\n4. later\n\nEnd."
    )


def test_plain_text_of_plain_text_is_the_text_tidied():
    assert plain(plain_body("\n a  \r\nb\x07\n\n \n\nc\n")) == " a\nb\n\nc"


@pytest.mark.parametrize("link", ["[a](ref:cause/b)", "[a]\n\n[a]: ref:cause/b", "<ref:cause/b>", "[a](<ref:cause/b>)"])
def test_a_reference_is_found_however_it_is_written(link):
    assert references(link) == (("cause", "b"),)


def test_references_are_found_once_each_in_order():
    text = "[a](ref:cause/b) [b](https://x.org) [c][d] <ref:symptom/tingling> [e](ref:cause/b) ref:cause/no"
    text += "\n\n[d]: ref:cause/a"
    assert references(text) == (("cause", "b"), ("cause", "a"), ("symptom", "tingling"))


@pytest.mark.parametrize(
    "link", ["[a](ref:foo/b)", "[a](ref:cause/B)", "[a](ref:cause/)", "[a](xref:cause/b)", "`[a](ref:cause/b)`"]
)
def test_what_is_no_reference_is_not_taken_for_one(link):
    assert references(link) == ()


@given(BODIES)
def test_no_other_tag_attribute_or_scheme_ever_leaves_html(body):
    for tag, attributes in Seen(html(body)).tags:
        assert tag in ALLOWED
        assert set(attributes) <= {"href", "rel"}
        assert re.match(r"https://|ref:[a-z]+/[a-z0-9-]+$", attributes.get("href") or "https://")


@given(BODIES)
def test_html_is_whole_and_stays_as_it_is_when_sanitised_again(body):
    rendered = html(body)
    attributes = {"a": {"href", "rel"}}
    assert (
        nh3.clean(rendered, tags=set(TAGS), attributes=attributes, url_schemes={"https", "ref"}, link_rel=None)
        == rendered
    )


@given(BODIES)
def test_plain_text_has_no_character_that_nobody_can_see(body):
    assert {unicodedata.category(character) for character in plain(body) if character != "\n"}.isdisjoint({"Cc", "Cs"})


@given(BODIES)
def test_plain_text_of_its_plain_text_is_itself(body):
    once = plain(body)
    assert not once or plain(plain_body(once)) == once


@given(TEXTS)
@example("a\n===")
@example("1. a\n2) b\n# c\n> d\n--- \n    code\n===\na | b\n~~~\n&amp; <b> \\ [x]: y")
def test_plain_text_reads_the_same_by_way_of_markdown(text):
    body = plain_body(text)
    escaped = markdown(body)
    assert not escaped or html(markdown_body(escaped)) == html(body)


@given(TEXTS)
def test_html_of_plain_text_says_what_plain_says(text):
    said = "\n".join(line.lstrip(" ") for line in plain(plain_body(text)).replace("\n\n", "\n").split("\n"))
    assert Seen(html(plain_body(text))).text.rstrip("\n") == said


@given(TEXTS)
def test_every_reference_that_is_found_is_a_link_in_the_html(text):
    links = {html_library.unescape(link) for link in re.findall(r'href="(ref:[^"]*)"', html(markdown_body(text)))}
    assert links <= {f"ref:{kind}/{key}" for kind, key in references(text)} | raw_links(text)


def raw_links(text: str) -> set[str]:
    """What raw HTML links to. It survives the sanitiser, being harmless, but is refused before that: see markup.py."""
    return {f"ref:{kind}/{key}" for kind, key in re.findall(r"ref:([a-z]+)/([a-z0-9-]+)", text) if "<a" in text}
