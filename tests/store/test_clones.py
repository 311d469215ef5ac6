"""Clones that do not have everything."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from content_api.errors import ObjectUnreadable
from content_api.store import open_repository
from tests.store.conftest import FILES


def test_a_shallow_clone_is_served_and_says_that_it_knows_no_parent(repository, tmp_path):
    repository.commit(FILES)
    second = repository.commit({"content/a.json": b"2"})
    clone = tmp_path / "shallow"
    subprocess.run(["git", "clone", "--quiet", "--bare", "--depth=1", repository.path.as_uri(), clone], check=True)
    with open_repository(clone) as opened:
        assert opened.parent(second) is None
        snapshot = opened.snapshot(second)
        assert len(list(snapshot.read([entry.blob for entry in snapshot.entries.values()]))) == 3


@pytest.mark.parametrize("left_out", ["blob:none", "tree:0"])
def test_a_partial_clone_is_refused_by_the_object_and_nothing_is_fetched(repository, tmp_path, left_out):
    repository.commit(FILES)
    repository.git("config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "partial"
    filtering = f"--filter={left_out}"
    subprocess.run(["git", "clone", "--quiet", "--bare", filtering, repository.path.as_uri(), clone], check=True)
    before = sorted(clone.rglob("*"))
    missing = {"blob:none": "main:content/site.json", "tree:0": "main^{tree}"}[left_out]
    with pytest.raises(ObjectUnreadable) as refused, open_repository(clone, folder="content") as opened:
        opened.snapshot(opened.require("main"))
    assert repository.git("rev-parse", missing) in str(refused.value)
    assert sorted(clone.rglob("*")) == before


def test_a_repository_that_borrows_objects_from_another_is_read(repository, tmp_path):
    commit = repository.commit(FILES)
    subprocess.run(["git", "clone", "--quiet", "--bare", "--shared", repository.path, tmp_path / "shared"], check=True)
    with open_repository(tmp_path / "shared") as opened:
        assert opened.snapshot(commit).entries
        shutil.rmtree(repository.path)
        with pytest.raises(ObjectUnreadable, match="missing"):
            opened.snapshot(commit)
