"""What a path may be, before any byte of its file is read."""

from __future__ import annotations

import pytest

from content_api.content.fields import EntityKind
from content_api.content.layout import FileKind, Place, collisions, path_problems, place_of, shown
from content_api.content.problems import Problem
from content_api.store.snapshot import Entry, EntryKind, Limits

FILE = Entry(EntryKind.FILE, "0" * 40, 100)
EASY = "Use letters, digits, `.`, `_` and `-`, and do not begin with `-`"


def told(path: str, entry: Entry = FILE) -> list[Problem]:
    return list(path_problems(path, entry, Limits(file_bytes=1_000)))


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("site.json", Place(FileKind.SITE)),
        ("recalls.json", Place(FileKind.RECALLS)),
        ("conditions/moon-hiccups.json", Place(FileKind.CONDITION, "moon-hiccups", EntityKind.CONDITION)),
        ("causes/a.de-AT.json", Place(FileKind.TRANSLATION, "a", EntityKind.CAUSE, "de-AT")),
        ("sources/a-1.json", Place(FileKind.SOURCE, "a-1")),
    ],
)
def test_a_path_says_what_stands_there(path, place):
    assert place_of(path) == place
    assert told(path) == []


@pytest.mark.parametrize("path", ["README.md", "conditions/README.md", "people/.gitkeep", "notes/deep/down.md"])
def test_notes_and_empty_folders_may_stand_anywhere(path):
    assert place_of(path) is None
    assert told(path) == []


@pytest.mark.parametrize(
    ("path", "expected", "suggestion"),
    [
        ("condition/a.json", "Expected one of conditions/, symptoms/", "Did you mean `conditions/`?"),
        ("conditions/Moon.json", "Expected a lower-case name with single hyphens", None),
        ("conditions/a_b.json", "Expected a lower-case name with single hyphens", None),
        ("conditions/a.yaml", "Expected a lower-case name with single hyphens", None),
        ("conditions/deep/a.json", "Expected a lower-case name with single hyphens", None),
        ("sources/a.de.json", "Expected a lower-case name with single hyphens", None),
        ("sites.json", "Expected site.json, redirects.json, recalls.json or a file in a folder", None),
        ("images/logo.png", "Expected one of conditions/", None),
    ],
)
def test_a_file_in_a_wrong_place_is_refused(path, expected, suggestion):
    [problem] = told(path)
    assert (problem.path, problem.rule, problem.suggestion) == (path, "layout", suggestion)
    assert problem.expected.startswith(expected)


@pytest.mark.parametrize(
    ("path", "label", "name"),
    [
        ("conditions/a b.json", "conditions/a b.json", "a b.json"),
        ("conditions/a\n.json", r"conditions/a\n.json", r"a\n.json"),
        ("conditions/a.json\n", r"conditions/a.json\n", r"a.json\n"),
        ("README.md\n", r"README.md\n", r"README.md\n"),
        ("conditions/-rf.json", "conditions/-rf.json", "-rf.json"),
        ("conditions/a\\b.json", r"conditions/a\\b.json", r"a\\b.json"),
        ("conditions/caf\u00e9.json", r"conditions/caf\xc3\xa9.json", r"caf\xc3\xa9.json"),
        ("conditions/\u202egpj.json", r"conditions/\xe2\x80\xaegpj.json", r"\xe2\x80\xaegpj.json"),
        ("conditions/\udcff.json", r"conditions/\xff.json", r"\xff.json"),
        ("notes \x1b[31m/a.md", r"notes \x1b[31m/a.md", r"notes \x1b[31m"),
    ],
)
def test_a_name_of_odd_characters_is_refused_and_shown_escaped(path, label, name):
    found = f"The name `{name}` has characters that are not allowed"
    assert told(path) == [Problem(label, 1, 1, "", "file_names", found, EASY)]
    assert place_of(path) is None
    assert shown(path).isascii()
    assert shown(path).isprintable()


@pytest.mark.parametrize("kind", [EntryKind.SYMLINK, EntryKind.SUBMODULE, EntryKind.OTHER])
@pytest.mark.parametrize("path", ["conditions/a.json", "README.md", "vendor"])
def test_what_is_no_plain_file_is_refused_wherever_it_is(path, kind):
    [problem] = told(path, Entry(kind, "0" * 40, 0))
    assert (problem.path, problem.rule, problem.found) == (path, "plain_files", f"This is a {kind}")


def test_a_huge_file_is_refused_by_its_size():
    [problem] = told("conditions/a.json", Entry(EntryKind.FILE, "0" * 40, 1_001))
    assert (problem.rule, problem.found) == ("file_size", "The file has 1,001 bytes")
    assert problem.expected == "A content file has at most 1,000 bytes"
    assert told("conditions/a.json", Entry(EntryKind.FILE, "0" * 40, 1_000)) == []


@pytest.mark.parametrize(
    ("path", "other", "part", "beside"),
    [
        ("conditions/A.json", "conditions/a.json", "conditions/A.json", "conditions/a.json"),
        ("Conditions/b.json", "conditions/a.json", "Conditions", "conditions"),
        ("conditions/B.json", "conditions/b.JSON", "conditions/b.JSON", "conditions/B.json"),
        ("a/e\u0301.md", "a/\u00e9.md", r"a/e\xcc\x81.md", r"a/\xc3\xa9.md"),
        ("a/stra\u00dfe.md", "a/strasse.md", r"a/stra\xc3\x9fe.md", "a/strasse.md"),
    ],
)
def test_names_that_some_computers_cannot_tell_apart_are_refused(path, other, part, beside):
    paths = dict.fromkeys(sorted({path, other, "site.json"}))
    [problem] = collisions(paths)
    assert problem.rule == "name_collisions"
    assert problem.found == f"`{part}` and `{beside}` differ only in case or in how accents are written"


def test_names_that_differ_do_not_collide():
    assert (
        list(collisions(dict.fromkeys(["A/x.md", "README.md", "b/README.md", "conditions/a.json", "site.json"]))) == []
    )
