"""What a client may call a version, and what they are told when that is none."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content_api.errors import RequestError
from content_api.store import open_repository
from content_api.store.history import read_history
from content_api.store.names import TagMove, moved, read_names
from tests.repositories import Repository
from tests.store.branches import ancestors, made, plans
from tests.store.conftest import FILES, clone


@pytest.fixture
def names_of(opened):
    """A function that reads the names of a commit: `names_of(tip, known)`."""
    return lambda tip, known=None: read_names(opened, read_history(opened, tip), known)


def refused(names, name):
    """What a client is told about a name: the message and the hint."""
    with pytest.raises(RequestError) as error:
        names.resolve(name)
    assert error.value.code == "VERSION_NOT_AVAILABLE"
    return str(error.value), error.value.hint


def numbered(repository, count):
    """Commits an hour apart; the first at 10:00 on 2026-11-22, in UTC."""
    return [
        repository.commit({"content/a.json": str(number)}, date=f"{1_795_341_600 + 3600 * number} +0000")
        for number in range(count)
    ]


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_a_version_is_named_by_tag_id_beginning_or_date(tmp_path, object_format):
    repository = Repository(tmp_path / "r", object_format=object_format)
    first, second, third = numbered(repository, 3)
    repository.tag("v1", first)
    repository.tag("v1-annotated", first, message="The first")
    repository.git("-c", "user.name=a", "-c", "user.email=a", "tag", "-a", "-m", "x", "nested", "v1-annotated")
    repository.tag("release/2026-11-22", second)
    named = {
        first: first,
        first.upper(): first,
        third[:7]: third,
        third[:-1]: third,
        second[:12].upper(): second,
        "v1": first,
        "v1-annotated": first,
        "nested": first,
        "release/2026-11-22": second,
        "2026-11-22T10:00:00Z": first,
        "2026-11-22T10:59:59.999Z": first,
        "2026-11-22T12:00+01:00": second,
        "2030-01-01T00:00:00Z": third,
    }
    with open_repository(repository.path) as opened:
        names = read_names(opened, read_history(opened, third))
    assert {name: names.resolve(name) for name in named} == named
    assert names.tags_of(first) == ("nested", "v1", "v1-annotated")
    assert names.tags_of(third) == ()
    assert names.complete


def test_a_full_id_goes_before_a_tag_and_a_tag_before_the_beginning_of_an_id(repository, names_of):
    first, second, third = numbered(repository, 3)
    repository.tag(second[:7], first)
    repository.tag("2026-11-22", second)
    for name in (third, "0" * 40):
        (repository.git_directory / "refs/tags" / name).write_text(f"{first}\n")  # the git command would warn
    names = names_of(third)
    assert (names.resolve(second[:7]), names.resolve(third), names.resolve("2026-11-22")) == (first, third, second)
    refused(names, "0" * 40)


def test_a_commit_of_a_side_branch_that_was_merged_may_be_read(repository, names_of):
    repository.commit(FILES)
    repository.branch("draft")
    side = repository.commit({"content/side.json": b"1"}, branch="draft")
    unmerged = repository.commit({"content/side.json": b"2"}, branch="unmerged")
    repository.commit({"content/a.json": b"2"})
    repository.git("-c", "user.name=A", "-c", "user.email=a", "merge", "--quiet", "--no-ff", "-m", "Merge", "draft")
    for tag, commit in {"on": side, "off": unmerged}.items():
        repository.tag(tag, commit)
    names = names_of(repository.git("rev-parse", "HEAD"))
    assert (names.reaches(side), names.reaches(unmerged)) == (True, False)
    assert (names.resolve(side), names.resolve(side[:7]), names.resolve("on")) == (side, side, side)
    assert dict(names.tags) == {"on": side}
    for name in (unmerged, unmerged[:9], "off"):
        refused(names, name)


@pytest.mark.parametrize(
    ("name", "found", "hint"),
    [
        ("v12", "`v12` names no version that can be read: it is no tag on the branch.", "Did you mean `v1.2`?"),
        ("main", "it is no tag", "Name a tag, a commit id or at least 7 digits of one, or a date as in"),
        ("HEAD", "it is no tag", "Name a tag"),
        ("refs/tags/v1.2", "it is no tag", "Name a tag"),
        ("HEAD~1", "`~` and `^` count commits backwards", "Name a tag"),
        ("@{yesterday}", "`@` looks into", "Name a tag"),
        ("main:content", "`:` names a file", "Name a tag"),
        ("v1.2..main", "`..` names a range", "Name a tag"),
        ("--all", "it begins with a dash", "Name a tag"),
        ("", "`` names no version that can be read: it is empty", "Name a tag"),
        ("ab12", "it is no tag, and too short for a commit id", "Give at least 7 digits"),
        ("0000000", "it is no tag, and no commit of the branch has an id that begins so.", "Name a tag"),
        ("0" * 40, "the branch does not lead to such a commit.", "Name a tag"),
        ("0" * 64, "no commit of the branch has an id that begins so.", "Name a tag"),
        ("2026-11-22", "it looks like a date, but does not say exactly when", "with its time and time zone"),
        ("2026-11-22T10:00:00", "it looks like a date", "`2026-11-22T10:00:00Z`"),
        ("2026-11-22 10:00:00Z", "it looks like a date", "`2026-11-22T10:00:00Z`"),
        ("2026-13-22T10:00:00Z", "the calendar has no such date", "`2026-11-22T10:00:00Z`"),
        ("2026-11-22T10:00:00+99:00", "the calendar has no such date, time or time zone", "time zone"),
        ("2026-11-22T09:59:59Z", "nothing was live then.", "of 2026-11-22T10:00:00+00:00."),
        ("0001-01-01T00:00:00+14:00", "nothing was live then.", "The oldest version that is known is"),
        (
            "x" * 256,
            f"`{'x' * 40}…` names no version that can be read: it has 256 characters, and no version",
            "Name a tag",
        ),
        ("\u202ev1\n", r"`\u202ev1\n` names no version", "Name a tag"),
        ("\udcff", r"`\udcff` names no version", "Name a tag"),
        ("\0" * 200, "`" + r"\x00" * 10 + "…` names", "Name a tag"),
    ],
)
def test_any_other_name_is_refused_with_what_was_found_and_what_would_be_right(repository, names_of, name, found, hint):
    commits = numbered(repository, 2)
    repository.tag("v1.2", commits[0])
    repository.branch("side")
    message, said = refused(names_of(commits[1]), name)
    assert found in message
    assert hint in said
    message.encode()  # it can be sent


def test_a_beginning_of_several_ids_is_refused(repository, names_of):
    commits = numbered(repository, 2)
    names = names_of(commits[1])
    twins = ("abcdef01" + "0" * 32, "abcdef02" + "0" * 32)
    names = type(names)(names.history, {}, True, tuple(sorted((*commits, *twins))), {}, ())
    assert refused(names, "abcdef0") == (
        "`abcdef0` names no version that can be read: several commit ids begin so.",
        "Give more of its digits.",
    )
    assert names.resolve("abcdef01") == twins[0]


def test_a_date_before_any_content_is_refused(repository, names_of):
    repository.commit({"README": b"r"}, date="100 +0000")
    names = names_of(repository.git("rev-parse", "HEAD"))
    assert refused(names, "2026-11-22T10:00:00Z")[1] == "No version has content yet."
    tip = repository.commit(FILES, date="1795341600 +0000")
    names = names_of(tip)
    assert "nothing was live then" in refused(names, "2020-01-01T00:00:00Z")[0]
    assert tip[:12] in refused(names, "2020-01-01T00:00:00Z")[1]


def test_a_shallow_clone_says_that_it_may_not_know_all(repository, tmp_path):
    first, _, third = numbered(repository, 3)
    with open_repository(clone(repository, tmp_path / "shallow", 1), folder="content") as opened:
        names = read_names(opened, read_history(opened, third))
    assert not names.complete
    for name in (first, first[:8], "2026-11-22T10:00:00Z"):
        assert ", as far as this server knows its history." in refused(names, name)[0]


def test_a_lost_commit_of_a_side_branch_hides_what_is_behind_it_alone(repository, opened):
    first = repository.commit(FILES)
    repository.branch("draft")
    lost = repository.commit({"content/side.json": b"1"}, branch="draft")
    repository.commit({"content/side.json": b"2"}, branch="draft")
    second = repository.commit({"content/a.json": b"2"})
    repository.git("-c", "user.name=A", "-c", "user.email=a", "merge", "--quiet", "--no-ff", "-m", "Merge", "draft")
    merge = repository.git("rev-parse", "HEAD")
    repository.tag("first", first)
    repository.loose(lost).unlink()
    history = read_history(opened, merge)
    names = read_names(opened, history)
    assert (history.complete, names.complete) == (True, False)
    assert [names.reaches(commit) for commit in (merge, second, first)] == [True, True, True]
    assert names.resolve("first") == first
    again = read_names(opened, history, names)
    assert (again.complete, again.reaches(first)) == (False, True)


def test_a_tag_that_leads_to_no_commit_is_no_name(repository, names_of):
    commit = repository.commit(FILES)
    repository.tag("blob", repository.git("rev-parse", "HEAD:content/site.json"))
    (repository.git_directory / "refs/tags/lost").write_text(f"{'1' * 40}\n")
    (repository.git_directory / "refs/tags/cut").write_text("")
    repository.tag("good", commit)
    assert dict(names_of(commit).tags) == {"good": commit}


def test_a_tag_whose_name_is_no_text_is_no_name(repository, names_of):
    commit = repository.commit(FILES)
    for name in ("b\udcff", "a\u202eb", "ü"):
        repository.git("update-ref", f"refs/tags/{name}", commit)
    assert dict(names_of(commit).tags) == {"ü": commit}


def test_a_tag_that_moved_or_went_is_told_and_a_new_one_is_not(repository, names_of):
    first, second = numbered(repository, 2)
    for name in ("stays", "moves", "goes", "leaves"):
        repository.tag(name, first)
    elsewhere = repository.commit({"content/a.json": b"elsewhere"}, branch="elsewhere")
    before = names_of(second)
    repository.tag("moves", second)
    repository.tag("leaves", elsewhere)
    repository.tag("new", second)
    repository.git("tag", "-d", "goes")
    after = names_of(second, before)
    assert moved(before, after) == (
        TagMove("goes", first, None),
        TagMove("leaves", first, None),
        TagMove("moves", first, second),
    )
    assert before.resolve("moves") == first
    assert after.resolve("moves") == second
    assert moved(after, after) == ()


def told(names):
    """All that names answer, to compare two."""
    return (names.complete, names._commits, dict(names.tags), {each: names.tags_of(each) for each in names._commits})


@settings(max_examples=20)
@given(plans(), st.data())
def test_what_may_be_read_is_what_the_tip_leads_to_and_reading_on_is_reading_anew(many, plan, data):
    repository, opened = many
    commits = made(repository, plan)
    numbers = st.integers(0, len(plan) - 1)
    tip, other, tagged = data.draw(numbers), data.draw(numbers), data.draw(numbers)
    repository.git("update-ref", "refs/tags/tagged", commits[tagged])
    names = read_names(opened, read_history(opened, commits[tip]))
    reached = {commits[number] for number in ancestors(plan, tip)}
    assert {commit for commit in commits if names.reaches(commit)} == reached == set(names._commits)
    assert dict(names.tags) == ({"tagged": commits[tagged]} if commits[tagged] in reached else {})
    known = read_names(opened, read_history(opened, commits[other]))
    assert told(read_names(opened, names.history, known)) == told(names)


def test_names_are_read_again_when_what_was_known_is_gone(repository, opened):
    first = repository.commit(FILES)
    lost = repository.commit({"content/a.json": b"2"})
    known = read_names(opened, read_history(opened, lost))
    repository.branch("main", first)
    second = repository.commit({"content/a.json": b"3"})
    repository.git("reflog", "expire", "--expire=now", "--all")
    repository.git("gc", "--quiet", "--prune=now")
    names = read_names(opened, read_history(opened, second, known.history), known)
    assert [names.reaches(commit) for commit in (first, lost, second)] == [True, False, True]


def test_a_partial_history_is_known_to_be_so_after_more_commits(repository, tmp_path):
    numbered(repository, 3)
    path = clone(repository, tmp_path / "shallow", 1)
    with open_repository(path, folder="content") as opened:
        known = read_names(opened, read_history(opened, opened.require("main")))
        last = repository.commit({"content/a.json": b"last"})
        subprocess.run(["git", "fetch", "--quiet", "origin", "main"], cwd=path, check=True)
        names = read_names(opened, read_history(opened, last, known.history), known)
    assert (names.complete, names.reaches(last), len(names.history)) == (False, True, 2)


def test_names_mean_the_same_until_the_branch_or_a_tag_moves(repository, opened):
    first = repository.commit(FILES)
    names = read_names(opened, read_history(opened, first))
    assert names.mean_the_same_as(read_names(opened, read_history(opened, first), names))
    repository.tag("v1", first)
    tagged = read_names(opened, read_history(opened, first), names)
    assert not tagged.mean_the_same_as(names)
    second = repository.commit({"content/a.json": b"2"})
    assert not read_names(opened, read_history(opened, second), tagged).mean_the_same_as(tagged)
