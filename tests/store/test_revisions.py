"""Naming versions: branches, tags and ids, as they are now, and none of git's further grammar."""

from __future__ import annotations

import hashlib
import subprocess

import pytest

from content_api.errors import RevisionUnknown
from tests.store.conftest import FILES


def test_a_version_is_named_by_head_branch_tag_full_name_or_id(repository, opened):
    first = repository.commit(FILES)
    repository.tag("v1")
    repository.tag("v1-annotated", message="The first")
    second = repository.commit({"content/a.json": b"2"})
    named = {
        "HEAD": second,
        "main": second,
        "refs/heads/main": second,
        "v1": first,
        "v1-annotated": first,
        "refs/tags/v1-annotated": first,
        first: first,
        first.upper(): first,
        first[:7]: first,
        first[:12].upper(): first,
        second[:39]: second,
    }
    assert {ref: opened.resolve(ref) for ref in named} == named


def test_a_branch_goes_before_a_tag_and_a_tag_before_an_id(repository, opened):
    first = repository.commit(FILES)
    second = repository.commit({"content/a.json": b"2"})
    repository.tag("both", first)
    repository.branch("both", second)
    repository.tag(second[:7], first)
    assert opened.resolve("both") == second
    assert opened.resolve(second[:7]) == first
    assert opened.resolve(second) == second


def test_what_is_not_there_is_none(repository, opened):
    repository.commit(FILES)
    assert [opened.resolve(ref) for ref in ("nothing", "refs/heads/nothing", "0" * 40, "abcdef0", "FETCH_HEAD")] == [
        None
    ] * 5


@pytest.mark.parametrize(
    "ref",
    [
        "HEAD~1", "HEAD^", "main^{tree}", "main@{1}", "@{-1}", "@", ":content", "main:content", "main..v1", "-main",
        "--all", "", " ", "main\nHEAD", "main\0", "a b", "a//b", "/main", "main/", ".main", "a/.b", "main.",
        "main.lock", "a.lock/b", "ma*n", "ma?n", "[main]", "ma\\in", "ma\udcffin", "x" * 256,
    ],
)  # fmt: skip
def test_no_other_grammar_of_git_is_accepted(repository, opened, ref):
    repository.commit(FILES)
    with pytest.raises(RevisionUnknown, match=r"names no version.*Give a branch, a tag or a commit id"):
        opened.resolve(ref)


@pytest.mark.parametrize("ref", ["ma~in", "a..b", "a:b", "x.lock", "@{u}", ".a", "a/", "a//b", "a b", "a\\b", "[a"])
def test_git_itself_refuses_such_names_for_branches(repository, ref):
    assert subprocess.run(["git", "check-ref-format", "--allow-onelevel", ref], check=False).returncode


@pytest.mark.parametrize("ref", ["a", "feature/pain-2", "v1.2", "ä/ö", "a-b_c+d", "a@b", "a{b}", "a.lockb", "%41"])
def test_what_git_accepts_as_a_branch_is_found(repository, opened, ref):
    commit = repository.commit(FILES)
    repository.branch(ref)
    assert opened.resolve(ref) == commit


def test_an_unknown_name_is_refused_with_a_suggestion(repository, opened):
    repository.commit(FILES)
    repository.branch("published")
    with pytest.raises(RevisionUnknown, match=r"no branch, tag or commit 'publishd'. Did you mean 'published'"):
        opened.require("publishd")


def test_an_unknown_name_like_no_other_is_refused_with_those_that_are_there(repository, opened):
    repository.commit(FILES)
    repository.tag("v1")
    with pytest.raises(RevisionUnknown, match=r"It has: main, v1"):
        opened.require("zzz")


def test_without_a_commit_the_remedy_is_told(opened):
    assert opened.resolve("HEAD") is None
    with pytest.raises(RevisionUnknown, match=r"no commit yet.*Commit first.*--working-tree"):
        opened.require("HEAD")


def test_a_branch_that_points_at_a_blob_is_refused_by_what_it_is(repository, opened):
    repository.commit(FILES)
    (repository.path / ".git" / "refs" / "heads" / "odd").write_text(repository.blob(b"not a commit") + "\n")
    with pytest.raises(RevisionUnknown, match=r"refs/heads/odd .* is a blob"):
        opened.resolve("odd")


def test_the_beginning_of_two_ids_is_refused_with_both(repository, opened):
    tree = repository.git("mktree")
    ids = {}
    for number in range(60_000):  # of which, by the birthday paradox, some seven pairs begin alike
        data = f"tree {tree}\nauthor A <a> {number} +0000\ncommitter A <a> {number} +0000\n\nx".encode()
        ids.setdefault(hashlib.sha1(b"commit %d\0%s" % (len(data), data)).hexdigest()[:7], []).append(data)
    twins = next(pair for pair in ids.values() if len(pair) > 1)
    written = [repository.git("hash-object", "-t", "commit", "-w", "--stdin", input=data) for data in twins]
    with pytest.raises(RevisionUnknown) as refused:
        opened.resolve(written[0][:7])
    assert all(commit in str(refused.value) for commit in written)


def test_the_beginning_of_a_files_id_names_no_version(repository, opened):
    repository.commit(FILES)
    assert opened.resolve(repository.git("rev-parse", "main:README")[:10]) is None


def test_new_commits_packed_refs_and_gc_are_seen_at_once(repository, opened):
    first = repository.commit(FILES)
    assert opened.resolve("main") == first
    snapshot = opened.snapshot(first)
    repository.git("pack-refs", "--all")
    assert opened.resolve("main") == first
    second = repository.commit({"content/a.json": b"2"})
    repository.git("gc", "--quiet", "--prune=now")
    assert opened.resolve("main") == second
    assert sorted(data for _, data in snapshot.read([entry.blob for entry in snapshot.entries.values()])) == [
        b"1",
        b"{}",
    ]
    assert "a.json" in opened.snapshot(second, snapshot).entries
