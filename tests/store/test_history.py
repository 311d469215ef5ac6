"""The versions of a branch: which commits they are, in which order, and what is said where some are hidden."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content_api.store import open_repository
from content_api.store.history import read_history
from tests.repositories import Repository, Symlink
from tests.store.branches import changed, files_of, line, made, plans, told
from tests.store.conftest import FILES


def test_a_version_is_a_commit_that_changed_the_content_the_newest_first(repository, opened):
    first = repository.commit(FILES, message="First", author="Zoë <z@example.org>", date="1700000000 +0530")
    repository.commit({"README": b"new"})
    last = repository.commit(
        {"content/site.json": b"[]", "content/causes/diabetes.json": None, "content/new.json": b""}
    )
    history = read_history(opened, last)
    newest, oldest = history.versions
    assert (history.complete, len(history), newest.version.id, oldest.version.id) == (True, 2, last, first)
    assert files_of(newest) == {"causes/diabetes.json": "removed", "new.json": "added", "site.json": "changed"}
    assert files_of(oldest) == {"site.json": "added", "causes/diabetes.json": "added"}
    assert (oldest.version.author, oldest.version.message, oldest.version.tags) == ("Zoë", "First", ())
    assert oldest.version.committed_at.utcoffset() == timedelta(hours=5, minutes=30)


def test_the_place_behind_a_version_is_known_and_behind_anything_else_there_is_none(repository, opened):
    beside = repository.commit({"README": b"no content yet"})
    commits = [repository.commit({"content/site.json": b"[%d]" % number}) for number in range(4)]
    repository.commit({"README": b"words"})
    newer = read_history(opened, repository.git("rev-parse", "main"))
    history = newer.upto(commits[2])
    assert [history.behind(one.version.id) for one in history.versions] == [1, 2, 3]
    assert [newer.behind(one.version.id) for one in newer.versions] == [1, 2, 3, 4]
    assert [history.behind(commit) for commit in (beside, commits[3], newer.tip, "nonsense")] == [None] * 4


def test_a_commit_that_left_the_content_as_it_was_stands_for_the_version_before(repository, opened):
    before = repository.commit({"README": b"no content yet"})
    first = repository.commit(FILES)
    beside = repository.commit({"README": b"new", "contents/a.json": b"1"})
    empty = repository.commit({})
    second = repository.commit({"content/a.json": b"2"})
    history = read_history(opened, second)
    commits = [before, first, beside, empty, second]
    assert [history.version_of(commit) for commit in commits] == [None, first, first, first, second]
    assert [history.place(commit) for commit in commits] == [0, 1, 2, 3, 4]
    assert list(history.commits) == commits
    assert (history.version_of("0" * 40), history.place("0" * 40)) == (None, None)


def test_a_branch_without_content_has_no_versions(repository, opened):
    history = read_history(opened, repository.commit({"README": b"r"}))
    assert (len(history), list(history.versions), history.complete) == (0, [], True)


def test_a_merge_is_one_version_that_changed_what_its_side_changed(repository, opened):
    plan_first = repository.commit(FILES)
    repository.branch("draft")
    side = repository.commit({"content/side.json": b"1"}, branch="draft")
    repository.commit({"content/side.json": b"2"}, branch="draft")
    second = repository.commit({"content/a.json": b"2"})
    identity = ("-c", "user.name=A", "-c", "user.email=a")
    repository.git(*identity, "merge", "--quiet", "--no-ff", "-m", "Merge", "draft")
    merge = repository.git("rev-parse", "HEAD")
    history = read_history(opened, merge)
    assert [each.version.id for each in history.versions] == [merge, second, plan_first]
    assert files_of(history.versions[0]) == {"side.json": "added"}
    assert history.place(side) is None


def test_a_file_that_moved_is_removed_and_added(repository, opened):
    repository.commit({"content/a.json": b"the same bytes, and enough of them"})
    history = read_history(
        opened, repository.commit({"content/a.json": None, "content/b.json": b"the same bytes, and enough of them"})
    )
    assert files_of(history.versions[0]) == {"a.json": "removed", "b.json": "added"}


def test_a_folder_that_was_a_file_or_a_symlink_had_no_content_then(repository, opened):
    commits = [
        repository.commit({"content": b"a file"}),
        repository.commit({"content": Symlink("elsewhere")}),
        repository.commit({"content": None, "content/site.json": b"{}"}),
        repository.commit({"content/site.json": None, "content": Symlink("elsewhere")}),
        repository.commit({"content": Symlink("away")}),
    ]
    history = read_history(opened, commits[-1])
    assert [(each.version.id, files_of(each)) for each in history.versions] == [
        (commits[3], {"site.json": "removed"}),
        (commits[2], {"site.json": "added"}),
    ]


@pytest.mark.parametrize("folder", ["", "texts/nerves", "con*t", ":(top)", "-x"])
def test_the_content_folder_may_be_anywhere_and_its_name_is_no_pattern(repository, folder):
    inside = f"{folder}/" if folder else ""
    first = repository.commit({f"{inside}site.json": b"{}"})
    second = repository.commit({"contact/site.json": b"{}", "content/site.json": b"{}"})
    with open_repository(repository.path, folder=folder) as opened:
        history = read_history(opened, second)
    assert [each.version.id for each in history.versions] == ([first] if folder else [second, first])
    assert files_of(history.versions[-1]) == {"site.json": "added"}


def test_strange_names_are_given_as_they_stand(repository, opened):
    names = ["a\nb", "M", "\x01", "ü", "\udcff", "0" * 40, '"quoted"']
    history = read_history(opened, repository.commit({f"content/{name}": b"1" for name in names}))
    assert files_of(history.versions[0]).keys() == set(names)


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_the_order_is_that_of_the_branch_whatever_the_clocks_say(tmp_path, object_format):
    repository = Repository(tmp_path / "clocks", bare=True, object_format=object_format)
    dates = ["1700000000 +0000", "4070908800 +0000", "0 +0000", "1700000001 +0000"]
    commits = [repository.commit({"content/a.json": str(each)}, date=date) for each, date in enumerate(dates)]
    with open_repository(repository.path) as opened:
        history = read_history(opened, commits[-1])
        again = read_history(opened, commits[-1], read_history(opened, commits[1]))
    assert [each.version.id for each in history.versions] == commits[::-1]
    assert [each.version.committed_at.year for each in history.versions] == [2023, 1970, 2099, 2023]
    assert told(history) == told(again)


def test_what_was_live_at_a_moment_is_the_newest_commit_in_the_branch_not_on_the_clock(repository, opened):
    dates = [100, 4_070_908_800, 50, 300, 200]
    commits = [repository.commit({"content/a.json": str(date)}, date=f"{date} +0000") for date in dates]
    history = read_history(opened, commits[-1])
    asked = {49: None, 50: commits[2], 100: commits[2], 199: commits[2], 200: commits[4], 5_000_000_000: commits[4]}
    assert {second: history.at(datetime.fromtimestamp(second, UTC)) for second in asked} == asked
    assert history.upto(commits[1]).at(datetime.fromtimestamp(100, UTC)) == commits[0]


@pytest.mark.parametrize("person", ["A <a> yesterday", "", "A <a> 99999999999999999999 +0000"])
def test_a_commit_with_a_bad_author_line_is_a_version_that_was_live_at_no_moment(repository, opened, person):
    first = repository.commit(FILES, date="100 +0000")
    tree = repository.git("rev-parse", repository.commit({"content/a.json": b"2"}) + "^{tree}")
    data = f"tree {tree}\nparent {first}\nauthor {person}\ncommitter {person}\n\nmessage\n".encode()
    commit = repository.git("hash-object", "-t", "commit", "-w", "--stdin", "--literally", input=data)
    history = read_history(opened, commit)
    assert [each.version.id for each in history.versions] == [commit, first]
    assert (history.versions[0].version.committed_at, history.complete) == (None, True)
    assert history.at(datetime(2090, 1, 1, tzinfo=UTC)) == first


def test_a_long_author_or_message_is_cut(repository, opened):
    commit = repository.commit(FILES, message="m" * 100_000, author=f"{'a' * 1000} <a>")
    version = read_history(opened, commit).versions[0].version
    assert (len(version.message), version.message[-2:]) == (2_000, "m…")
    assert (len(version.author), version.author[-2:]) == (100, "a…")


def test_the_versions_that_touched_a_file_are_found_the_newest_first(repository, opened):
    first = repository.commit(FILES)
    second = repository.commit({"content/site.json": b"[]", "content/de.json": b"1"})
    third = repository.commit({"content/de.json": b"2"})
    history = read_history(opened, third)
    assert [each.version.id for each in history.touching("site.json")] == [second, first]
    assert [each.version.id for each in history.touching("de.json", "site.json")] == [third, second, first]
    assert list(history.touching("no.json")) == list(history.touching()) == []
    before = history.upto(second)
    assert [each.version.id for each in before.touching("de.json", "site.json")] == [second, first]
    assert set(history.upto(first).paths) == {"site.json", "causes/diabetes.json"}


def test_versions_are_a_sequence_that_copies_nothing(repository, opened):
    commits = [repository.commit({"content/a.json": str(number)}) for number in range(5)]
    versions = read_history(opened, commits[-1]).versions
    assert [each.version.id for each in versions[1:3]] == [commits[3], commits[2]]
    assert versions[-1].version.id == commits[0]
    assert versions[1:][0] is versions[1]
    with pytest.raises(IndexError):
        versions[5]


@settings(max_examples=25)
@given(plans(), st.data())
def test_what_is_read_is_what_was_done_and_reading_on_is_reading_anew(many, plan, data):
    repository, opened = many
    commits = made(repository, plan)
    tip = len(plan) - 1
    history = read_history(opened, commits[tip])
    expected = changed(plan, tip)
    assert [(each.version.id, files_of(each)) for each in history.versions] == [
        (commits[number], expected[number]) for number in sorted(expected, reverse=True)
    ]
    assert list(history.commits) == [commits[number] for number in line(plan, tip)]
    assert history.complete
    other = data.draw(st.integers(0, tip), label="known")
    known = read_history(opened, commits[other])
    assert told(read_history(opened, commits[tip], known)) == told(history)
    assert told(read_history(opened, commits[other], history)) == told(known)
    third = data.draw(st.integers(0, tip), label="third")
    anew = read_history(opened, commits[third])
    assert told(read_history(opened, commits[third], read_history(opened, commits[other], history))) == told(anew)


def test_a_history_that_was_read_stays_as_it_was_when_more_is_read(repository, opened):
    first = repository.commit(FILES)
    history = read_history(opened, first)
    before = told(history)
    second = repository.commit({"content/site.json": b"[]"})
    longer = read_history(opened, second, history)
    assert told(history) == before == told(longer.upto(first))
    assert longer.upto("0" * 40) is None


def test_only_what_is_new_is_read(repository, opened):
    commits = [repository.commit({"content/a.json": str(number)}) for number in range(4)]
    known = read_history(opened, commits[2])
    repository.loose(commits[0]).unlink()
    assert told(read_history(opened, commits[3], known))["count"] == 4
    assert read_history(opened, commits[3], known).complete
    assert not read_history(opened, commits[3]).complete


def test_a_push_that_goes_another_way_shares_what_is_common(repository, opened):
    commits = [repository.commit({"content/a.json": str(number)}) for number in range(3)]
    known = read_history(opened, commits[2])
    repository.branch("other", commits[1])
    other = repository.commit({"content/a.json": b"other"}, branch="other")
    repository.loose(commits[0]).unlink()
    history = read_history(opened, other, known)
    assert [each.version.id for each in history.versions] == [other, commits[1], commits[0]]
    assert history.versions[1] is known.versions[1]
    assert (history.place(commits[2]), len(history.touching("a.json"))) == (None, 3)
