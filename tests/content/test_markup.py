"""What a text must not hold, and that all else is let be."""

from __future__ import annotations

import re

import nh3
import pyromark
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from content_api.content import markdown, markup
from content_api.content.fields import Body, TextFormat
from content_api.content.markup import Fault, markdown_faults, plain_faults
from content_api.content.rendering import html, plain

# Markdown, the part of it that is at fault, a word of what is said about it.
MARKDOWN_FAULTS = [
    ("é <b>x", "<b>", "HTML"),
    ("é\n\n<div>\nx\n</div>", "<div>", "HTML"),
    ("x <!-- y -->", "<!--", "HTML"),
    ("x ![i](https://x.org/i.png)", "![i]", "image"),
    ("x `y`", "`y`", "code"),
    ("x\n\n    y", "y", "block of code"),
    ("x\n\n```\ny\n```", "```\ny", "block of code"),
    ("x\n\n| a |\n|---|\n| b |", "| a |", "table"),
    ("x [^1]", "[^1]", "footnote"),
    ("x\n\n[^1]: y", "[^1]: y", "footnote"),
    ("x ~~y~~", "~~y~~", "struck"),
    ("- [ ] x", "[ ]", "tick box"),
    ("x\n\n---\n\ny", "---", "rule"),
    ("# x", "# x", "level"),
    ("x\n===", "x", "level"),
    ("##### x", "##### x", "level"),
    ("x\n\n1998. Good.", "1998.", "begin with 1"),
    ("é [x](javascript:alert)", "[x]", "link"),
    ("é [x](java&#115;cript:alert)", "[x]", "link"),
    ("[x](http://x.org)", "[x]", "link"),
    ("[x](/here)", "[x]", "link"),
    ("[x](ref:nonsense/y)", "[x]", "link"),
    ("[x](ref:cause/Y)", "[x]", "link"),
    ("[x](https:///path)", "[x]", "link"),
    ("<a@example.org>", "<a@", "link"),
    ("[x]\n\n[x]: javascript:y", "[x]: j", "link"),
    ("x\n\n[y]: /unused", "[y]: ", "link"),
    ('[x](https://x.org "y")', "[x]", "title"),
    ("[](https://x.org)", "[]", "no text"),
    ("[x][y]", "[x]", "no address"),
    ("é **x **y", "**x", "emphasis"),
    ("x ____ y", "____", "emphasis"),
    ("é x &#7; y", "&#7;", "control"),
]
EITHER_FAULTS = [
    ("é {{ name }}", "{{ name }}", "template"),
    ("{% if x %}", "{%", "template"),
    ("${x}", "${x}", "template"),
    ("Dear {first_name}", "{first", "template"),
    ("Take %s daily", "%s", "template"),
    ("Take %(dose)s", "%(dose)s", "template"),
    ("[object Object]", "[object", "template"),
    ("é TODO write", "TODO", "placeholder"),
    ("Lorem ipsum dolor", "Lorem", "placeholder"),
    ("[insert dose here]", "[insert", "placeholder"),
    ("[TBC]", "[TBC]", "placeholder"),
    ("é\x07", "\x07", "control"),
    ("é\tx", "\t", "control"),
    ("é\u202ex", "\u202e", "control"),
    ("\ufeffx", "\ufeff", "control"),
    ("é\ufffd", "\ufffd", "lost"),
    ("x\ud800", "\ud800", "control"),
]
PLAIN_FAULTS = [
    ("é <b>x</b>", "<b>", "HTML"),
    ("x <br/>", "<br/>", "HTML"),
    ("<https://x.org>", "<https", "HTML"),
    ("R&amp;D", "&amp;", "entity"),
    ("x&#160;y", "&#160;", "entity"),
    ("é **x**", "**x", "emphasis"),
    ("an *x* here", "*x*", "emphasis"),
    ("an _x y_ here", "_x y_", "emphasis"),
    ("`x`", "`x", "emphasis"),
    ("é [x](https://x.org)", "[x]", "link"),
    ("![x](y)", "![x]", "link"),
    ("[x]: y", "[x]:", "link"),
    ("see ref:cause/toxins", "ref:", "reference"),
    ("x\n## y", "## y", "heading"),
    ("x\n> y", "> y", "heading"),
    ("* x", "* x", "heading"),
    ("x\n---\ny", "---", "heading"),
    ("| a | b |", "| a", "table"),
]
FINE_MARKDOWN = [
    "## Heading\n\nSome *soft* and **strong** words, a\\\nline.\n\n- one\n  - two\n\n1. first\n2. second\n\n> said",
    "[a](https://example.org/a_b__c?d=1#e) [b](ref:symptom/burning-pain) <https://example.org>",
    "[a][b] and [c]\n\n[b]: https://example.org\n[c]: ref:cause/toxins",
    "1998\\. A year. &#42;&#42; \\*\\*as typed\\*\\* [sic] 5 * 3 is 15 & R&D, 100 % safe, 5%, snake_case, a < b",
    "Isolates \u2067\u05d0\u2069, soft\u00adhyphen, 🙂\u200d, no\u00a0break",
]
FINE_PLAIN = [
    "A line.\n- one\n- two\n1. three\n\nAnother; a < b > c, 5 * 3 * 2, pain*, R&D & more, a_b_c, [sic], #1.",
    "Of 100 % de novo cases 5%, between 5%–10%, are safe.",
    "Isolates \u2067\u05d0\u2069, no\u00a0break — dash…",
]


def places(text: str, faults: list[Fault], part: str, word: str) -> bool:
    return any(text.startswith(part, fault.offset) and word in fault.found for fault in faults)


@pytest.mark.parametrize(("text", "part", "word"), MARKDOWN_FAULTS + EITHER_FAULTS)
def test_markdown_beyond_the_subset_is_found_where_it_is(text, part, word):
    assert places(text, list(markdown_faults(text)), part, word)


@pytest.mark.parametrize(("text", "part", "word"), PLAIN_FAULTS + EITHER_FAULTS)
def test_markup_in_plain_text_is_found_where_it_is(text, part, word):
    assert places(text, list(plain_faults(text)), part, word)


@pytest.mark.parametrize("text", ["[x](/y)", "[x][y] [x][y]\n\n[y]: /y", "<b>", "# x", "\x07", "&#7;", "**x"])
def test_one_mistake_is_told_of_once(text):
    assert len(list(markdown_faults(text))) == 1


@pytest.mark.parametrize("text", FINE_MARKDOWN)
def test_the_subset_is_let_be(text):
    assert list(markdown_faults(text)) == []


@pytest.mark.parametrize("text", FINE_PLAIN)
def test_plain_words_and_signs_are_let_be(text):
    assert list(plain_faults(text)) == []


def test_faults_come_in_the_order_of_the_text():
    text = "{{ a }} <b> `c` TODO [d](x) **e"
    offsets = [fault.offset for fault in markdown_faults(text)]
    assert offsets == sorted(offsets) == [0, 8, 12, 16, 21, 28]


@pytest.mark.parametrize("text", [*FINE_MARKDOWN[:3], *FINE_MARKDOWN[4:]])
def test_the_plain_form_of_the_subset_has_no_fault_itself(text):
    assert list(plain_faults(plain(Body(format=TextFormat.MARKDOWN, body=text)))) == []


# Words and marks that make Markdown, right and wrong, by chance.
SOURCES = st.lists(
    st.sampled_from(
        [*"wxyz", *"\n -#>*_[]()<\\1.&;~`|!", "](ref:cause/x)", "](https://x)", "\n\n", "\n- ", "**", "http"]
    ),
    min_size=1,
    max_size=25,
).map("".join)


@given(SOURCES)
def test_what_has_no_fault_loses_nothing_when_it_is_sanitised(text):
    """Whatever the sanitiser would take away, an editor has been told of first."""
    if not list(markdown_faults(text)):
        expected = re.sub(r' rel="[^"]*"', "", html(Body(format=TextFormat.MARKDOWN, body=text)))
        assert nh3.clean(pyromark.html(text), link_rel=None, url_schemes={"https", "ref"}) == expected


@given(st.text(st.characters(), max_size=200))
def test_any_text_can_be_looked_at(text):
    for fault in [*markdown_faults(text), *plain_faults(text)]:
        assert 0 <= fault.offset < len(text)


@pytest.mark.parametrize("piece", ["{", "[", "*", "&", "<", "](", "` ", "_a", "[^1]", "| ", "${", "%(", "**a ", "<!--"])
def test_a_text_made_of_marks_is_looked_at_in_time_that_grows_with_its_length(piece):
    text = (piece * 20_000)[:20_000]
    assert len(list(markdown_faults(text))) <= 20_000
    assert len(list(plain_faults(text))) <= 20_000


TEXTS = st.text(st.sampled_from("ab \n<&*_~`[]()#>|{}%$+-=1.!\\refTODOFIXMElorem:/\x00\ufffd\u2028"), max_size=30)


@given(TEXTS | st.text())
def test_the_first_look_at_a_plain_text_misses_nothing(text):
    assert list(plain_faults(text)) == sorted(markup._all_plain_faults(text))


# Links as they are nearly always written, among what can make something else of them.
LINKS = st.lists(
    st.sampled_from(
        [
            *("[go there](ref:cause/x)", "[a--b](ref:cause/x)", "[TODO](ref:cause/x)", "[insert name](ref:cause/x)"),
            *("[x](ref:cat/x)", "[", "](ref:cause/x)", "(x)", "a", "TO", "!", "- ", "\n\n", "    ", "\t", "\x07"),
            *("`", "\n```\n", "\\", "<", "> "),
        ]
    ),
    max_size=8,
).map("".join)


@example("a\n\n- - -\n\nb")
@example("a\n\n-  -  -\n\nb")
@example("a\n\n-   -   -\n\nb")
@example("a\n\n    b")
@example("a\n\n1998. b")
@given(TEXTS | LINKS | st.text(st.sampled_from("ab- \n"), max_size=20) | st.text())
def test_the_first_look_at_a_markdown_text_misses_nothing(text):
    assert list(markdown_faults(text)) == sorted(markup._all_markdown_faults(text) | set(markup._syntax_faults(text)))


@given(LINKS)
def test_links_are_found_without_the_parser_only_where_it_would_find_them(text):
    parsed = [detail["dest_url"] for name, detail in markdown.events(text) if name == "Start Link"]
    expected = [(match[1], match[2]) for match in map(markdown.REFERENCE.fullmatch, parsed) if match]
    assert markdown.references(text) == tuple(dict.fromkeys(expected))
