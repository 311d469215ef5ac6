"""Trees are compared by what differs alone, and that gives what it gives to cut both into their records."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content_api.store.tree import NO_TREE, compared, records

# Ids that hold what a record begins with, so that bytes which look like the end of one tree are not.
ids = st.one_of(st.binary(min_size=20, max_size=20), st.just(b"1\x00100644 a\x00100644 aa"), st.just(b"1" * 20))
record = st.builds(
    lambda mode, name, named: mode + b" " + name + b"\0" + named,
    st.sampled_from([b"100644", b"40000", b"120000"]),
    st.sampled_from([b"a", b"b", b"100644 a", b"aa", b"1", b"\xff"]),
    ids,
)
trees = st.lists(record, max_size=6)


def of(found: list[bytes]):
    made = compared(NO_TREE, b"".join(found), 40).tree
    assert made.records() == found
    return made


@given(trees, trees, trees, trees)
def test_what_differs_is_what_the_lists_of_records_say(head, tail, was, now):
    old, new = ([*dict.fromkeys([*head, *middle, *tail])] for middle in (was, now))
    found = compared(of(old), b"".join(new), 40)
    assert found.gone == [each for each in old if each not in new]
    assert found.come == [each for each in new if each not in old]
    assert found.tree == of(new)


@given(trees, st.binary(max_size=80), trees)
def test_what_is_not_well_formed_is_told_whatever_it_is_compared_with(head, between, tail):
    data = b"".join([*head, between, *tail])
    expected = records(data, 40)
    for old in ([], head, tail, head + tail):
        found = compared(of(old), data, 40)
        assert (found and found.tree.records()) == expected


def test_ends_that_only_look_alike_are_not_taken_for_the_same_records():
    """The last record of before stands at the end of a longer one, whose name has a space in it."""
    first, last = b"100644 b\0" + b"1" * 20, b"100644 a\0" + b"2" * 20
    longer = b"100644 a " + last
    found = compared(of([first, last]), longer, 40)
    assert (found.gone, found.come, found.tree) == ([first, last], [longer], of([longer]))


@pytest.mark.parametrize("cut", [20, 21, 30])
def test_a_tree_that_is_cut_short_is_not_well_formed(cut):
    whole = [b"100644 %d.json\0" % number + os.urandom(20) for number in range(10)]
    assert compared(of(whole), b"".join(whole)[:-cut], 40) is None
    assert compared(of(whole), b"".join(whole)[cut:], 40) is None


def test_of_many_files_only_the_one_that_was_edited_is_cut_out(monkeypatch):
    before = [b"100644 %05d.json\0" % number + os.urandom(20) for number in range(20_000)]
    after = [*before]
    after[12_345] = before[12_345][:-20] + os.urandom(20)
    old = of(before)
    looked_at = []
    monkeypatch.setattr(
        "content_api.store.tree.records", lambda data, digits: looked_at.append(data) or records(data, digits)
    )
    found = compared(old, b"".join(after), 40)
    assert (found.gone, found.come) == ([before[12_345]], [after[12_345]])
    assert looked_at == [after[12_345]]
