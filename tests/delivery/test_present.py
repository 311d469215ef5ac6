"""What is made of an answer: its hash, its forms, its tags in a line."""

from __future__ import annotations

import gzip

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from content_api.content.tags import group
from content_api.delivery.operation import Reply
from content_api.delivery.present import CODINGS, LONGEST_LINE, digest, form, line, tags_of, within, words_of

DECODERS = {"zstd": zstandard.decompress, "br": brotli.decompress, "gzip": gzip.decompress}
JSON = b'{"data":{"things":[' + b",".join(b'{"name":"thing %d"}' % number for number in range(200)) + b"]}}"


def reply(body: bytes = JSON, tags: frozenset[str] = frozenset({"site"})) -> Reply:
    return Reply(body, True, "v1", 5_000, reusable=True, tags=tags)


@pytest.mark.parametrize("coding", CODINGS)
def test_a_form_is_the_body_and_is_made_once(coding):
    made = reply()
    assert DECODERS[coding](form(made, coding)) == JSON
    assert form(made, coding) is form(made, coding)
    assert form(made, coding) == form(reply(), coding), "every process makes the same bytes"


def test_the_hash_is_that_of_the_body():
    assert digest(reply()) == digest(reply(tags=frozenset()))
    assert digest(reply(b"1")) != digest(reply(b"2"))
    assert len(digest(reply())) == 22


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("{ condition { name } }", set()),
        ("{ condition { review { isOverdue } } }", {"isOverdue"}),
        ("{ site { version } }", {"version"}),
        ("query Page($v: String) { content(version: $v) { site { disclaimer } } }", {"version"}),
        ("{ conditions(after: $x) { pageInfo { endCursor } edges { cursor } } }", {"after", "endCursor", "cursor"}),
        ("{ versions { nodes { tags } } }", {"versions", "tags"}),
        ("{ reversions isoverdue }", set()),
    ],
)
def test_the_words_that_matter_are_found_in_a_document(document, words):
    assert words_of(document) == words


@pytest.mark.parametrize(
    ("words", "more", "tags"),
    [
        ([], {}, {"site"}),
        (["isOverdue"], {}, {"site", "today"}),
        (["endCursor", "version"], {}, {"site", "version"}),
        ([], {"about_content": True}, {"site", "version"}),
        (["version", "endCursor"], {"pinned": True}, {"site", "past"}),
    ],
)
def test_words_have_tags(words, more, tags):
    assert tags_of(frozenset(words), **{"pinned": False, "about_content": False} | more) == tags


def test_the_line_is_short_whatever_an_answer_is_made_from():
    few = frozenset({"site", "condition/a", "symptom/b"})
    assert line(reply(tags=few)) == "condition/a,site,symptom/b"
    conditions = {f"condition/a-condition-of-some-length-{number}" for number in range(100)}
    many = few | conditions | {f"condition/n-{number}:in" for number in range(9)}
    told = line(reply(tags=frozenset(many))).split(",")
    assert "condition:all" in told
    assert few - {"condition/a"} <= set(told)
    assert not conditions & set(told)
    assert sum(tag.endswith(":in") for tag in told) == 9, "the longest group gives way, and no more than is needed"


TAGS = st.sets(
    st.sampled_from(["site", "version", "search", "codes", "condition:list"])
    | st.from_regex(r"(condition|symptom|source)/[a-z0-9-]{1,80}(:in)?", fullmatch=True),
    max_size=60,
)


@given(TAGS, st.integers(200, 4_000))
def test_every_tag_is_there_or_the_one_that_stands_for_it(tags, longest):
    kept = within(tags, longest)
    assert len(",".join(kept)) <= max(longest, LONGEST_LINE)
    assert all(tag in kept or group(tag) in kept for tag in tags)
    assert all(tag in tags or any(group(each) == tag for each in tags) for tag in kept)
