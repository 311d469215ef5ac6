"""The long-lived git process: many questions at once, many threads, and its end."""

from __future__ import annotations

import gc
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from content_api.errors import SnapshotTooLarge
from content_api.store import objects as module
from content_api.store.objects import Objects, _Conversation
from content_api.store.process import Git


@pytest.fixture
def objects(repository):
    objects = Objects(Git(repository.path / ".git", 10, is_directory_of_git=True))
    yield objects
    objects.close()


def test_more_questions_and_answers_than_any_pipe_holds_do_not_jam(repository, objects):
    blob = repository.blob(b"x" * 200)
    assert objects.sizes([blob] * 30_000, "blob") == [200] * 30_000
    assert sum(len(data) for _, data in objects.contents([blob] * 10_000, "blob", 200)) == 2_000_000


def test_an_object_larger_than_a_pipe_is_read_whole(repository, objects):
    data = os.urandom(5_000_000)
    blob = repository.blob(data)
    assert list(objects.contents([blob], "blob", len(data))) == [(blob, data)]


def test_an_object_above_the_limit_is_refused_and_the_next_question_gets_its_own_answer(repository, objects):
    large, small = repository.blob(b" " * 1000), repository.blob(b"{}")
    with pytest.raises(SnapshotTooLarge, match=rf"{large}: it has 1,000 bytes; at most 999 are read"):
        list(objects.contents([large, small], "blob", 999))
    assert list(objects.contents([small], "blob", 999)) == [(small, b"{}")]


def test_threads_share_one_process_and_get_their_own_answers(repository, objects):
    blobs = {repository.blob(b"%d" % number * 1000): b"%d" % number * 1000 for number in range(40)}

    def read_all(start):
        ids = [*list(blobs)[start:], *list(blobs)[:start]] * 10
        return dict(objects.contents(ids, "blob", 10_000)) == blobs and objects.find(["HEAD"]) == [None]

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(read_all, range(40)))


def test_a_reader_that_stops_half_way_leaves_nothing_behind(repository, objects):
    blobs = [repository.blob(b"%d" % number) for number in range(100)]
    reader = objects.contents(blobs, "blob", 100)
    next(reader)
    reader.close()
    assert [data for _, data in objects.contents(blobs[:3], "blob", 100)] == [b"0", b"1", b"2"]


def test_a_question_in_the_middle_of_a_long_reading_gets_its_own_answer(repository, objects):
    blobs = {repository.blob(b"%d" % number): b"%d" % number for number in range(130)}
    reader = objects.contents(list(blobs), "blob", 100)
    read = [next(reader) for _ in range(100)]
    assert objects.sizes(list(blobs)[:2], "blob") == [1, 1]
    assert dict([*read, *reader]) == blobs


@pytest.mark.parametrize("files", [1, 70])
def test_a_long_reading_ends_its_process_whether_it_is_read_to_the_end_or_not(repository, objects, monkeypatch, files):
    talks = []
    monkeypatch.setattr(module, "_Conversation", lambda git: talks.append(_Conversation(git)) or talks[-1])
    blobs = [repository.blob(b"%d" % number) for number in range(70)]
    reader = objects.contents(blobs, "blob", 100)
    assert [next(reader) for _ in range(files)][-1] == (blobs[files - 1], b"%d" % (files - 1))
    reader.close()
    assert [talk.is_alive for talk in talks] == [False]


def test_a_name_with_a_line_feed_does_not_become_a_command(repository, objects):
    repository.blob(b"{}")
    with pytest.raises(ValueError, match="line feed"):
        objects.find(["HEAD\ncontents HEAD"])


def test_the_process_ends_with_what_owns_it(repository):
    objects = Objects(Git(repository.path / ".git", 10, is_directory_of_git=True))
    objects.find(["HEAD"])
    process = objects._conversation._process
    assert process.poll() is None
    del objects
    gc.collect()
    assert process.poll() is not None


def test_after_closing_a_question_starts_another_process(repository, objects):
    blob = repository.blob(b"{}")
    for _ in range(3):
        assert objects.sizes([blob], "blob") == [2]
        objects.close()
