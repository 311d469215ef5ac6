from __future__ import annotations

from graphql import parse

from content_api.delivery.documents import ONCE_CHARACTERS, Document, Documents
from tests.delivery.small import ask, delivery


class Reader:
    """Reads any text, and remembers which it was asked to read."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def __call__(self, text: str) -> Document:
        self.read.append(text)
        return Document(parse("{ name }"))


def test_a_document_is_read_once():
    reader = Reader()
    documents = Documents(reader)
    assert documents.get("a") is documents.get("a")
    assert reader.read == ["a"]


def test_the_one_asked_for_longest_ago_is_forgotten_first():
    reader = Reader()
    documents = Documents(reader, number=2, once=1)
    for text in ("a", "b", "a", "c", "a", "b"):
        for _ in range(2):
            documents.get(text)
    assert reader.read == ["a", "b", "c", "b"]
    assert len(documents) == 2


def test_what_comes_once_never_takes_the_place_of_what_comes_again():
    reader = Reader()
    documents = Documents(reader, once=30)
    for _ in range(2):
        documents.get("again")
    for number in range(1_000):
        documents.get(f"once {number:04}")
    assert len(documents) == 1 + 3
    documents.get("again")
    assert reader.read.count("again") == 1


def test_the_number_of_characters_is_bounded():
    documents = Documents(Reader(), characters=10, once=10)
    for text in ("aaaa", "bbbb", "cccc", "ddddddddd"):
        documents.get(text)
        assert documents.characters <= 10 + 10
        documents.get(text)
        assert documents.characters <= 10
    assert (len(documents), documents.characters) == (1, 9)


def test_a_text_larger_than_the_bound_is_read_and_not_kept():
    documents = Documents(Reader(), characters=3, once=3)
    assert documents.get("abcdef").errors == ()
    assert (len(documents), documents.characters) == (0, 0)


def test_a_text_that_is_read_for_somebody_else_meanwhile_is_kept_once():
    def read(text: str) -> Document:
        if not calls:
            calls.append(text)
            nested.append(documents.get(text))
        return Document(parse("{ name }"))

    calls: list[str] = []
    nested: list[Document] = []
    documents = Documents(read)
    assert documents.get("a") is nested[0]
    assert (len(documents), documents.characters) == (1, 1)


def test_thousands_of_different_questions_leave_the_bound_as_it_is():
    target = delivery()
    for number in range(3_000):
        ask(f"{{ a{number}: name }}", on=target)
    assert 100 < len(target.documents) < ONCE_CHARACTERS / len("{ a0: name }")
    assert target.documents.characters <= ONCE_CHARACTERS


def test_what_is_wrong_with_a_document_is_remembered_too(monkeypatch):
    target = delivery()
    first = ask("{ nope }", on=target)
    monkeypatch.setattr("content_api.delivery.reading.parse", None)  # whoever parses now fails
    assert ask("{ nope }", on=target) == first
    assert first.codes == ("GRAPHQL_VALIDATION_FAILED",)


def test_a_text_that_is_too_long_is_not_remembered():
    target = delivery()
    ask("{ name }".ljust(10_001), on=target)
    assert len(target.documents) == 0


def test_what_is_kept_is_read_once_and_stays_whatever_strangers_ask():
    reader = Reader()
    documents = Documents(reader, number=2, characters=10)
    documents.keep("kept, and longer than the bound")
    for number in range(50):
        documents.get(str(number))
    documents.get("kept, and longer than the bound")
    assert reader.read.count("kept, and longer than the bound") == 1
    assert len(documents) == 2


def test_what_comes_a_second_time_is_kept_though_there_was_no_room_for_it_the_first_time():
    reader = Reader()
    documents = Documents(reader, once=10)
    for text in (
        "again and again",
        *map(str, range(50)),
        "again and again",
        *map(str, range(50, 99)),
        "again and again",
    ):
        documents.get(text)
    assert reader.read.count("again and again") == 2
