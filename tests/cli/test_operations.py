"""`content-api operations`: what is added, what is refused, and who is told that a document would break."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from content_api.delivery.stored import id_of
from tests import world
from tests.cli.conftest import Command, Finished, in_content, write
from tests.repositories import Repository

MOON = """# client: website
# client: app
# variables: {"slug": "moon-hiccups"}
query Moon($slug: String!) {
  condition(slug: $slug) {
    name
    requiredCautions { name }
  }
}
"""
DEAR = "{ conditions(first: 100) { nodes { symptoms { symptom { conditions { condition { name } } } } } } }"
NAMES = "query Names { conditions { nodes { name } } }\n"


@pytest.fixture
def stored(folder: Path) -> Path:
    """The folder of the small world, with one stored document."""
    (folder / "operations").mkdir()
    (folder / "operations/Moon.graphql").write_text(MOON)
    return folder


def operations(command: Command, folder: Path, *arguments: str) -> Finished:
    return command("operations", *arguments, cwd=folder, CONTENT_API_OPERATIONS="operations")


def shown(command: Command, folder: Path, *arguments: str) -> tuple[int, dict]:
    finished = operations(command, folder, *arguments, "--format", "json")
    return finished.code, json.loads(finished.out)


# --- add --------------------------------------------------------------------------------------------------------------


def test_a_document_is_added_under_the_name_of_its_operation_byte_for_byte(stored: Path, command: Command):
    (stored / "any name.txt").write_bytes(NAMES.encode() + b"# end, without a line break")
    finished = operations(command, stored, "add", "any name.txt")
    text = (stored / "operations/Names.graphql").read_text()
    assert text == f"{NAMES}# end, without a line break"
    assert finished == (
        0,
        f"operations/Names.graphql\n    {id_of(text)}\n    cost 41; used by: nobody says so\n",
        "",
    )


def test_what_was_added_is_told_to_a_program(stored: Path, command: Command):
    (stored / "names.graphql").write_text(f"# client: app\n{NAMES}")
    code, found = shown(command, stored, "add", "names.graphql")
    assert (code, found) == (
        0,
        {
            "ok": True,
            "documents": [
                {
                    "name": "Names",
                    "id": id_of(f"# client: app\n{NAMES}"),
                    "path": "operations/Names.graphql",
                    "clients": ["app"],
                    "cost": 41,
                    "lacking": [],
                    "troubles": [],
                }
            ],
        },
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('query Bad {\n  condition(key: "x") { colour }\n}', "bad.graphql:2:25 GRAPHQL_VALIDATION_FAILED"),
        ("query Bad {\n  conditions {", "bad.graphql:2:15 GRAPHQL_PARSE_FAILED"),
        ("{ site { disclaimer } }", "bad.graphql:1:1 NOT_STORABLE\n    The operation has no name"),
        ("query A { site { disclaimer } }\nquery B { site { disclaimer } }", "bad.graphql:2:1 NOT_STORABLE"),
        ("", "bad.graphql:1:1 GRAPHQL_PARSE_FAILED"),
        (MOON, "bad.graphql:4:1 NOT_STORABLE\n    `Moon` is taken by operations/Moon.graphql, with the same text."),
        (f"{MOON}#", "with another text.\n    Give an operation that has changed another name"),
        (NAMES, "bad.graphql:1:1 NOT_STORABLE\n    `Names` is taken by good.graphql, with the same text."),
        (
            f"# client: app\nquery Bad {DEAR}",
            "bad.graphql:2:1 TOO_COSTLY\n    The operation could cost 6,201; 5,000 is allowed.",
        ),
        ("# variables: {}\nquery Bad($k: String!) { condition(key: $k) { name } }", "bad.graphql:2:11 BAD_VARIABLES"),
    ],
)
def test_nothing_is_added_when_one_cannot_be(text: str, told: str, stored: Path, command: Command):
    (stored / "good.graphql").write_text(NAMES)
    (stored / "bad.graphql").write_text(text)
    finished = operations(command, stored, "add", "good.graphql", "bad.graphql")
    assert finished.code == 1
    assert told in finished.out
    assert finished.out.endswith("\n\nNothing was added.\n")
    assert [path.name for path in (stored / "operations").iterdir()] == ["Moon.graphql"]


def test_a_document_that_cannot_be_tried_is_added_and_says_so(stored: Path, command: Command):
    (stored / "one.graphql").write_text("query One($key: String!) { condition(key: $key) { name } }")
    finished = operations(command, stored, "add", "one.graphql")
    assert finished.code == 0
    assert "cost 2; used by: nobody says so; not run: no `# variables:` for $key\n" in finished.out


@pytest.mark.parametrize(
    ("name", "words"),
    [("nowhere.graphql", "nowhere.graphql cannot be read: No such file or directory"), ("binary", "is not UTF-8")],
)
def test_a_file_that_cannot_be_read_is_one_line(name: str, words: str, stored: Path, command: Command):
    (stored / "binary").write_bytes(b"\xff")
    finished = operations(command, stored, "add", name)
    assert (finished.code, finished.out, finished.err.count("\n")) == (2, "", 1)
    assert words in finished.err


def test_a_folder_that_is_not_there_is_one_line(folder: Path, command: Command):
    (folder / "names.graphql").write_text(NAMES)
    for arguments in (["add", "names.graphql"], ["list"], ["check"]):
        finished = command("operations", *arguments, "--operations", "nowhere", cwd=folder)
        assert (finished.code, finished.out) == (2, "")
        assert finished.err == "There is no folder nowhere of stored documents. Make it, or name another\n"


def test_the_folder_of_an_installation_is_not_added_to(folder: Path, command: Command, monkeypatch):
    installed = folder / "site-packages"
    monkeypatch.setattr("content_api.cli.operations.PACKAGED", installed)
    monkeypatch.setattr("content_api.cli.operations.SHIPPED", installed)
    (folder / "names.graphql").write_text(NAMES)
    finished = command("operations", "add", "names.graphql", cwd=folder)
    assert (finished.code, finished.err) == (
        2,
        f"{installed} belongs to the installation. Name a folder of your own with --operations or"
        " CONTENT_API_OPERATIONS\n",
    )


# --- list -------------------------------------------------------------------------------------------------------------


def test_the_list_has_name_cost_clients_and_id(stored: Path, command: Command):
    (stored / "operations/Bad.graphql").write_text("query Bad { nothing }")
    assert operations(command, stored, "list") == (
        0,
        "name  cost  clients       id\n"
        f"Bad      -  -             {id_of('query Bad { nothing }')}\n"
        f"Moon     8  website, app  {id_of(MOON)}\n\n"
        "2 documents, of which 1 cannot be answered: `content-api operations check` says why.\n",
        "",
    )


def test_an_empty_folder_is_no_mistake(folder: Path, command: Command):
    (folder / "operations").mkdir()
    assert operations(command, folder, "list").out == "name  cost  clients  id\n\n0 documents.\n"
    assert operations(command, folder, "check").code == 0


# --- check ------------------------------------------------------------------------------------------------------------


def test_good_documents_are_listed_with_their_clients(stored: Path, command: Command):
    (stored / "operations/One.graphql").write_text("query One($key: String!) { condition(key: $key) { name } }")
    finished = operations(command, stored, "check")
    assert finished.code == 0
    assert finished.out.endswith(
        "name  cost  clients       result\n"
        "Moon     8  website, app  good\n"
        "One      2  -             not run: no `# variables:` for $key\n\n"
        "No document would break. 2 documents.\n"
    )


def test_a_document_that_the_schema_does_not_have_room_for_is_told_with_who_uses_it(stored: Path, command: Command):
    (stored / "operations/Old.graphql").write_text("# client: old app\nquery Old {\n  site { colour }\n}\n")
    finished = operations(command, stored, "check")
    assert finished.code == 1
    assert "Old      -  old app       would break\n" in finished.out
    assert finished.out.endswith(
        "operations/Old.graphql:3:10 GRAPHQL_VALIDATION_FAILED\n"
        "    Cannot query field 'colour' on type 'Site'.\n"
        "    Used by: old app.\n\n"
        "1 of 2 documents would break. Used by: old app.\n"
    )


def test_a_version_in_which_something_is_gone_breaks_whoever_names_it(repository: Repository, command: Command):
    """The version is a branch; what is checked out has everything."""
    write(repository.path, {"operations/Moon.graphql": MOON.encode(), "operations/Names.graphql": NAMES.encode()})
    repository.branch("without")
    moved = world.edited({"conditions/moon-hiccups.json": {"/text/en/slug": "hiccups"}})
    repository.commit(in_content(moved), branch="without")
    assert operations(command, repository.path, "check").code == 0
    code, found = shown(command, repository.path, "check", "--ref", "without")
    assert (code, found["ok"]) == (1, False)
    [broken, fine] = found["documents"]
    assert (broken["name"], broken["clients"], fine["troubles"]) == ("Moon", ["website", "app"], [])
    assert broken["troubles"] == [
        {
            "line": 5,
            "column": 3,
            "code": "NOTHING_THERE",
            "message": '`condition` is null: what it asks for is not there. With {"slug":"moon-hiccups"}.',
            "hint": "Tell the client, or try it with something that is there.",
        }
    ]


def test_what_is_gone_below_content_is_told_as_well(stored: Path, command: Command):
    text = 'query Deep {\n  content(channel: CHATBOT) {\n    condition(key: "gone") { name }\n  }\n}\n'
    (stored / "operations/Deep.graphql").write_text(text)
    finished = operations(command, stored, "check")
    assert finished.code == 1
    assert "operations/Deep.graphql:3:5 NOTHING_THERE\n    `condition` is null" in finished.out


def test_an_error_in_the_answer_is_told(stored: Path, command: Command):
    text = '# client: app\nquery Far {\n  content(locale: "fr") { site { disclaimer } }\n}'
    (stored / "operations/Far.graphql").write_text(text)
    finished = operations(command, stored, "check")
    assert finished.code == 1
    assert "operations/Far.graphql:3:" in finished.out
    assert "LOCALE_NOT_AVAILABLE" in finished.out


def test_the_files_are_asked_as_they_stand(stored: Path, command: Command):
    write(stored / "content", world.edited({"conditions/moon-hiccups.json": {"/text/en/slug": "hiccups"}}))
    assert operations(command, stored, "check").code == 1


def test_content_with_problems_is_asked_nothing(stored: Path, command: Command):
    (stored / "content/site.json").unlink()
    finished = operations(command, stored, "check")
    assert (finished.code, finished.out) == (1, "")
    assert "There is no site.json." in finished.err


def test_what_others_wrote_cannot_drive_a_terminal(stored: Path, command: Command):
    (stored / "operations/Old.graphql").write_text("# client: \x1b[31mred\nquery Old { site { colour } }\n")
    for arguments in (["list"], ["check"]):
        assert "\x1b" not in operations(command, stored, *arguments).out


@pytest.mark.parametrize("name", ["add", "list", "check"])
def test_every_command_has_help_with_an_example(name: str, tmp_path: Path, command: Command):
    finished = command("operations", name, "--help", cwd=tmp_path)
    assert finished.code == 0
    assert f"  content-api operations {name}" in finished.out
