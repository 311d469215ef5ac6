"""What is written by a thread of its own: all of it in order, or counted as lost; and nobody waits for who reads."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from content_api.observe.journal import SECONDS_TO_END, Journal
from tests.waiting import until

Pipe = tuple[int, int]


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    reading, writing = os.pipe()
    yield reading, writing
    for end in (reading, writing):
        with suppress(OSError):  # a test closed it
            os.close(end)


def test_all_that_is_written_arrives_in_order(pipe: Pipe):
    reading, writing = pipe
    received = bytearray()
    reader = threading.Thread(target=lambda: received.extend(b"".join(iter(lambda: os.read(reading, 65_536), b""))))
    reader.start()
    journal = Journal(writing)
    journal.write("before\n")
    with journal.running():
        for number in range(20_000):
            journal.write(f"line {number}\n")
    journal.write("behind\n")
    os.close(writing)
    reader.join(10)
    assert received.decode().splitlines() == ["before", *(f"line {number}" for number in range(20_000)), "behind"]
    assert journal.lost == 0


def test_lines_of_several_threads_stay_whole(pipe: Pipe):
    reading, writing = pipe
    journal = Journal(writing)
    with journal.running():
        writers = [
            threading.Thread(target=lambda mark=mark: [journal.write(mark * 20 + "\n") for _ in range(100)])
            for mark in "abcd"
        ]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
    os.close(writing)
    lines = b"".join(iter(lambda: os.read(reading, 65_536), b"")).decode().splitlines()
    assert sorted(lines) == sorted(mark * 20 for mark in "abcd" for _ in range(100))


def test_a_reader_that_stands_still_stops_nobody_and_what_has_no_room_is_counted(pipe: Pipe):
    reading, writing = pipe
    journal = Journal(writing, most_bytes=200_000)
    told: list[int] = []
    journal.on_lost = told.append
    with journal.running():
        began = time.monotonic()
        for _ in range(10_000):
            journal.write("x" * 99 + "\n")
        assert time.monotonic() - began < 5
        assert 7_000 < journal.lost < 8_500, "a pipe takes 64 kB, and 200 kB wait"
        lost = journal.lost
        os.set_blocking(reading, False)
        assert until(10, lambda: _drained(reading) and journal._handed == journal._written)
        journal.write("room again\n")
    assert sum(told) == lost
    assert _drained(reading).endswith(b"room again\n")
    assert journal.lost == lost


def _drained(reading: int) -> bytes:
    """What can be read now; one byte where that is nothing."""
    try:
        return os.read(reading, 1_000_000)
    except BlockingIOError:
        return b"-"


def test_the_end_waits_for_a_moment_and_no_longer(pipe: Pipe):
    _, writing = pipe
    journal = Journal(writing)
    began = time.monotonic()
    with journal.running():
        journal.write("x" * 1_000_000)
    assert SECONDS_TO_END <= time.monotonic() - began < SECONDS_TO_END + 2


def test_a_reader_that_is_gone_is_counted_and_stops_nobody(pipe: Pipe):
    reading, writing = pipe
    os.close(reading)
    journal = Journal(writing)
    with journal.running():
        journal.write("one\ntwo\n")
        assert until(5, lambda: journal.lost == 2)
    journal.write("three\n")
    assert journal.lost == 3


def test_a_descriptor_that_does_not_block_is_waited_for(pipe: Pipe):
    reading, writing = pipe
    os.set_blocking(writing, False)
    journal = Journal(writing)
    with journal.running():
        journal.write("x" * 300_000 + "\n")
        time.sleep(0.1)
        read = 0
        while read < 300_001:
            read += len(os.read(reading, 65_536))
    assert (read, journal.lost) == (300_001, 0)


def test_what_cannot_be_encoded_is_written_all_the_same(pipe: Pipe):
    reading, writing = pipe
    Journal(writing).write("a\ud800b\n")
    assert os.read(reading, 100) == b"a\\ud800b\n"
