"""What holds for every store: the same files have the same entries, ids and bytes, wherever they are kept."""

from __future__ import annotations

import hashlib

import pytest

from content_api.errors import ObjectUnreadable, SnapshotTooLarge
from content_api.store.snapshot import EntryKind, Limits
from tests.repositories import Submodule, Symlink

FILES = {
    "site.json": b"{}",
    "conditions/neuropathic-pain.json": b'{"id": "neuropathic-pain"}\r\n',
    "conditions/phantom-limb-pain.json": b"\xff\xfe\0 not text at all",
    "conditions-old.json": b"",
    "symptoms/tingling.json": b"{}",
}


def digits(snapshot):
    return len(snapshot.entries["site.json"].blob)


def git_id(data, length):
    return (hashlib.sha1 if length == 40 else hashlib.sha256)(b"blob %d\0%s" % (len(data), data)).hexdigest()


def test_entries_are_the_files_with_gits_own_ids_and_their_sizes(store):
    snapshot = store(FILES)
    found = {path: (entry.kind, entry.blob, entry.size) for path, entry in snapshot.entries.items()}
    assert found == {path: (EntryKind.FILE, git_id(data, digits(snapshot)), len(data)) for path, data in FILES.items()}


def test_the_id_of_two_braces_is_the_one_that_git_is_known_to_give(store):
    assert store(FILES).entries["site.json"].blob in (
        "9e26dfeeb6e641a33dae4961196235bdb965b21b",
        "f1763e2b60578aec547424aecd0574d432968c9d845353fcdc2e1ecb809596d2",
    )


def test_every_path_is_listed_whatever_is_in_its_name(store):
    names = ("a", "a.b", "a-b/x", "a/b", "a0", "B", "é", "z/a/b", "z/a-b", "\U0001f600", "\ufffd")
    paths = [f"{name}.json" for name in names]
    found = store(dict.fromkeys(paths, b"{}")).entries
    assert sorted(found) == sorted(paths)


def test_bytes_are_read_in_the_order_asked_and_as_often_as_asked(store):
    snapshot = store(FILES)
    asked = [snapshot.entries[path].blob for path in reversed(FILES)] * 2
    read = list(snapshot.read(iter(asked)))
    assert [blob for blob, _ in read] == asked
    assert [data for _, data in read] == list(reversed(FILES.values())) * 2


def test_reading_nothing_is_possible(store):
    assert list(store(FILES).read([])) == []


def test_a_thousand_files_come_back_as_they_were(store):
    files = {f"causes/cause-{number}.json": b"%d" % number * number for number in range(1000)}
    snapshot = store(files)
    read = snapshot.read([snapshot.entries[path].blob for path in files])
    assert [data for _, data in read] == list(files.values())


def test_two_readers_at_once_do_not_hear_each_others_answers(store):
    snapshot = store({f"{number}.json": b"%d" % number for number in range(300)})
    blobs = [entry.blob for entry in snapshot.entries.values()]
    forwards, backwards = snapshot.read(blobs), snapshot.read(blobs[::-1])
    together = [(next(forwards), next(backwards)) for _ in blobs]
    assert [blob for (blob, _), _ in together] == [blob for _, (blob, _) in reversed(together)] == blobs


def test_a_blob_that_is_not_there_is_named(store):
    snapshot = store(FILES)
    missing = git_id(b"never written", digits(snapshot))
    with pytest.raises(ObjectUnreadable, match=missing):
        list(snapshot.read([missing]))


def test_a_folder_without_any_file_has_no_entries(store):
    assert dict(store({}).entries) == {}


@pytest.mark.parametrize(
    "name",
    [
        "with space.json",
        "line\nfeed.json",
        "-dash.json",
        "right-to-left-\u202e.json",
        "back\\slash.json",
        "bad-\udcff.json",
    ],
)
def test_a_name_is_reported_as_it_stands_whatever_is_in_it(store, name):
    assert list(store({f"causes/{name}": b"{}"}).entries) == [f"causes/{name}"]


@pytest.mark.parametrize("target", ["site.json", "conditions", "../../../../etc/passwd", "nowhere"])
def test_a_symlink_is_named_and_not_followed(store, target):
    snapshot = store({"site.json": b"{}", "conditions/a.json": b"{}", "link": Symlink(target)})
    entry = snapshot.entries["link"]
    assert sorted(snapshot.entries) == ["conditions/a.json", "link", "site.json"]
    assert entry.kind is EntryKind.SYMLINK
    assert entry.blob == git_id(target.encode(), digits(snapshot))
    assert list(snapshot.read([entry.blob])) == [(entry.blob, target.encode())]


def test_a_submodule_is_named_and_not_entered(store, request):
    commit = "1" * (64 if "sha256" in request.node.callspec.params["store"] else 40)
    snapshot = store({"site.json": b"{}", "sources/theirs": Submodule(commit)})
    assert sorted(snapshot.entries) == ["site.json", "sources/theirs"]
    assert snapshot.entries["sources/theirs"].kind is EntryKind.SUBMODULE


def test_a_file_above_the_limit_is_listed_with_its_size(store):
    snapshot = store({"site.json": b" " * 2000, "small.json": b"{}"}, Limits(file_bytes=1000, content_bytes=1500))
    assert snapshot.entries["site.json"].size == 2000
    assert snapshot.entries["small.json"].size == 2


@pytest.mark.parametrize(
    ("limits", "path"),
    [
        (Limits(files=4), "symptoms/tingling.json"),
        (Limits(content_bytes=30), "conditions/phantom-limb-pain.json"),
        (Limits(depth=1), "conditions"),
    ],
)
def test_the_path_that_is_one_too_many_or_its_folder_is_named(store, limits, path):
    with pytest.raises(SnapshotTooLarge) as refused:
        store(FILES, limits)
    assert refused.value.path in (path, path.partition("/")[0])


def test_as_much_as_the_limits_allow_is_read(store):
    exact = Limits(
        files=5, depth=2, content_bytes=sum(map(len, FILES.values())), file_bytes=max(map(len, FILES.values()))
    )
    snapshot = store(FILES, exact)
    assert len(list(snapshot.read([entry.blob for entry in snapshot.entries.values()]))) == len(FILES)


def test_a_path_that_could_confuse_a_terminal_is_escaped_in_the_error(store):
    with pytest.raises(SnapshotTooLarge) as refused:
        store({"line\nfeed.json": b"1", "\u202e.json": b"2"}, Limits(content_bytes=0))
    assert "line" in refused.value.path
    assert str(refused.value).isprintable()


def test_a_snapshot_stays_as_it_is(store):
    snapshot = store(FILES)
    with pytest.raises(TypeError):
        snapshot.entries["another.json"] = snapshot.entries["site.json"]


def test_the_place_is_told_for_a_person(store, tmp_path):
    assert str(tmp_path) in store(FILES).place
