"""What a repository knows of a version: who, when, its tags, its parent and its tree."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from content_api.errors import RevisionUnknown
from content_api.store.snapshot import EntryKind
from tests.repositories import Symlink
from tests.store.conftest import FILES


def test_a_version_has_its_tags_date_author_and_message(repository, opened):
    repository.commit({"content/site.json": b"[]"})
    repository.tag("v0")
    commit = repository.commit(
        FILES, message="Add a cause\n\nAllow-Mass-Delete: yes", author="Zoë <z@example.org>", date="1700000000 +0530"
    )
    repository.tag("v2")
    repository.tag("v1", message="The first")
    version = opened.version(commit)
    assert (version.id, version.tags, version.author) == (commit, ("v1", "v2"), "Zoë")
    assert version.message == "Add a cause\n\nAllow-Mass-Delete: yes"
    assert version.committed_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert version.committed_at.utcoffset() == timedelta(hours=5, minutes=30)


def test_a_tag_that_was_moved_is_where_it_is_now(repository, opened):
    first = repository.commit(FILES)
    repository.tag("v1")
    second = repository.commit({"content/a.json": b"2"})
    repository.tag("v1", second)
    assert (opened.version(first).tags, opened.version(second).tags) == ((), ("v1",))


def test_a_tag_whose_commit_is_lost_hides_no_other(repository, opened):
    commit = repository.commit(FILES)
    repository.tag("good")
    (repository.path / ".git" / "refs" / "tags" / "lost").write_text("1" * 40 + "\n")
    (repository.path / ".git" / "refs" / "tags" / "cut").write_text("")
    assert opened.version(commit).tags == ("good",)


@pytest.mark.parametrize(
    ("person", "author", "year"),
    [
        ("A <a@example.org> 0 +0000", "A", 1970),
        ("A <a@example.org> 4070908800 +0000", "A", 2099),
        ("A <a@example.org> -3000000000 +0000", "A", 1874),
        ("A <a@example.org> 1700000000 +9999", "A", 2023),
        ("A <a@example.org> 99999999999999999999 +0000", "A", None),
        ("A <a@example.org> 999999999999 +0000", "A", None),
        ("A <a@example.org> yesterday", "A", None),
        (" <> 1700000000 +0000", None, 2023),
        ("A B <a <b> c> 1700000000 -0000", "A B", 2023),
        ("", None, None),
    ],
)
def test_authors_and_clocks_may_say_what_they_like(repository, opened, person, author, year):
    tree = repository.git("mktree")
    data = f"tree {tree}\nauthor {person}\ncommitter {person}\n\nmessage\n".encode()
    version = opened.version(repository.git("hash-object", "-t", "commit", "-w", "--stdin", "--literally", input=data))
    assert (version.author, version.message) == (author, "message")
    assert (version.committed_at.year if version.committed_at else None) == year


@pytest.mark.parametrize(
    ("encoding", "name", "read"),
    [
        ("ISO-8859-1", b"Zo\xeb", "Zoë"),
        ("klingon", b"Zo\xc3\xab", "Zoë"),
        ("hex", b"Zo\xc3\xab", "Zoë"),
        ("idna", b"Zo\xc3\xab", "Zoë"),
        ("utf-8", b"Zo\xeb", "Zo\ufffd"),
    ],
)
def test_an_author_in_another_encoding_is_read_as_well_as_may_be(repository, opened, encoding, name, read):
    tree = repository.git("mktree").encode()
    person = name + b" <z> 1 +0000"
    data = b"tree %s\nauthor %s\ncommitter %s\nencoding %s\n\nx" % (tree, person, person, encoding.encode())
    commit = repository.git("hash-object", "-t", "commit", "-w", "--stdin", "--literally", input=data)
    assert opened.version(commit).author == read


def test_the_first_parent_of_a_merge_is_the_parent(repository, opened):
    first = repository.commit(FILES)
    repository.branch("draft")
    side = repository.commit({"content/side.json": b"2"}, branch="draft")
    second = repository.commit({"content/a.json": b"2"})
    tree = repository.git("rev-parse", "main^{tree}")
    identity = ("-c", "user.name=A", "-c", "user.email=a")
    merge = repository.git(*identity, "commit-tree", tree, "-m", "Merge", "-p", second, "-p", side)
    assert (opened.parent(merge), opened.parent(second), opened.parent(first)) == (second, first, None)


def test_the_branch_that_is_checked_out_is_named_even_before_its_first_commit(repository, opened):
    assert opened.head_branch() == "refs/heads/main"
    repository.commit(FILES)
    assert opened.head_branch() == "refs/heads/main"


def test_a_commit_that_is_checked_out_is_no_branch(repository, opened):
    repository.commit(FILES)
    repository.git("checkout", "--quiet", "--detach")
    with pytest.raises(RevisionUnknown, match="--ref"):
        opened.head_branch()


def test_the_tree_of_the_content_stays_when_something_else_changes(repository, opened):
    first = repository.commit(FILES)
    second = repository.commit({"README": b"new"})
    third = repository.commit({"content/a.json": b"new"})
    assert opened.tree_id(first) == opened.tree_id(second) == repository.git("rev-parse", f"{first}:content")
    assert opened.tree_id(third) == repository.git("rev-parse", f"{third}:content")


@pytest.mark.parametrize("instead", [None, b"a file", Symlink("elsewhere")])
def test_a_commit_without_the_content_folder_has_no_tree_and_no_entries(repository, opened, instead):
    first = repository.commit(FILES)
    second = repository.commit({"content": None} | ({"content": instead} if instead else {}))
    assert opened.tree_id(second) is None
    assert dict(opened.snapshot(second).entries) == {}
    assert dict(opened.snapshot(second, opened.snapshot(first)).entries) == {}
    assert len(opened.snapshot(first, opened.snapshot(second)).entries) == 2


def test_a_replacement_that_someone_set_locally_is_not_served(repository, opened):
    first = repository.commit(FILES)
    second = repository.commit({"content/a.json": b"2"})
    repository.git("replace", second, first)
    assert "a.json" in opened.snapshot(second).entries


def test_the_mode_of_a_file_that_may_be_run_is_that_of_a_file(repository, opened):
    blob = repository.blob(b"{}")
    tree = repository.tree([("100755", b"run.json", blob), ("100664", b"site.json", blob)])
    commit = repository.commit_tree(repository.tree([("40000", b"content", tree)]))
    assert {entry.kind for entry in opened.snapshot(commit).entries.values()} == {EntryKind.FILE}
