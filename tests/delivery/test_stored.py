"""The folder of stored documents: what it may hold, and what a file says of itself."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content_api.delivery.stored import LARGEST_FILE, MOST, Note, by_client, id_of, notes_of, read_stored
from content_api.errors import SettingError
from tests.delivery.storing import stored


def test_the_id_is_the_hash_of_the_file_byte_for_byte(tmp_path: Path):
    data = "# é\r\nquery Name { name }\r\n\n".encode()
    (tmp_path / "Name.graphql").write_bytes(data)
    [found] = read_stored(tmp_path)
    assert found.id == f"sha256:{hashlib.sha256(data).hexdigest()}"
    assert (found.name, found.text.encode(), found.path) == ("Name", data, tmp_path / "Name.graphql")


def test_the_id_is_the_one_that_the_specification_gives_as_an_example():
    assert id_of("query($id:ID!){user(id:$id){name}}") == (
        "sha256:71f7dc5758652baac68e4a10c50be732b741c892ade2883a99358f52b555286b"
    )


def test_documents_stand_by_name_and_other_files_are_left_alone(tmp_path: Path):
    for name in ("B.graphql", "A.graphql", "README.md", "A.graphql.orig"):
        (tmp_path / name).write_text("query A { name }")
    assert [one.name for one in read_stored(tmp_path)] == ["A", "B"]


@pytest.mark.parametrize("name", ["a-b", "1A", "Ä", "A" * 101])
def test_a_file_whose_name_no_operation_has_is_refused(name: str, tmp_path: Path):
    (tmp_path / f"{name}.graphql").touch()
    with pytest.raises(SettingError, match="cannot be a stored document: the file is called as its operation is"):
        read_stored(tmp_path)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"query A { name } # \xff", "A.graphql is not UTF-8: byte 20 does not fit"),
        (b"#" * (LARGEST_FILE + 1), "A.graphql has more than 40,000 bytes, so it is no document that is answered"),
    ],
)
def test_a_file_that_is_no_document_is_told_by_its_path(data: bytes, words: str, tmp_path: Path):
    (tmp_path / "A.graphql").write_bytes(data)
    with pytest.raises(SettingError) as refused:
        read_stored(tmp_path)
    assert str(refused.value) == f"{tmp_path}/{words}"


def test_a_folder_in_place_of_a_document_is_told_by_its_path(tmp_path: Path):
    (tmp_path / "A.graphql").mkdir()
    with pytest.raises(SettingError, match=r"A\.graphql cannot be read: Is a directory"):
        read_stored(tmp_path)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path):
    with pytest.raises(SettingError, match=r"There is no folder .*/nowhere of stored documents"):
        read_stored(tmp_path / "nowhere")


def test_more_documents_than_are_kept_are_refused(tmp_path: Path):
    for number in range(MOST + 1):
        (tmp_path / f"A{number}.graphql").touch()
    with pytest.raises(SettingError, match=r"has 1,001 stored documents; 1,000 are kept"):
        read_stored(tmp_path)


def test_comments_at_the_top_say_who_uses_it_and_how_to_try_it():
    top = '# A page.\n\n#client: website\n  # client:  two words \n# variables: {"a": 1}\n'
    text = f"{top}query A {{ a }} # client: no\n# client: no"
    assert list(notes_of(text)) == [
        Note(3, "client", "website"),
        Note(4, "client", "two words"),
        Note(5, "variables", '{"a": 1}'),
    ]


def test_clients_are_named_once_in_the_order_in_which_they_come():
    documents = [stored("# client: b\n# client: a\n{ name }"), stored("{ name }"), stored("# client: a\n# client: c\n")]
    assert by_client(documents) == "b, a, c"


@given(st.text())
def test_whatever_a_text_holds_its_notes_are_found_or_there_are_none(text: str):
    assert all(note.word in ("client", "variables") for note in notes_of(text))
