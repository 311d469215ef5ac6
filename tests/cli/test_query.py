"""`content-api query`: the same answers as the server's, without one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import world
from tests.cli.command import run
from tests.cli.conftest import Command, in_content, write
from tests.repositories import Repository

ONE = 'query One($key: String!) { condition(key: $key) { name } } query Two { condition(key: "star-sneezes") { name } }'
MOON = {"data": {"condition": {"name": "Moon hiccups"}}}


def test_a_query_on_standard_input_is_answered_as_json(folder: Path):
    finished = run("query", "-", cwd=folder, input='{ condition(key: "moon-hiccups") { name } }')
    assert (finished.returncode, finished.stderr) == (0, "")
    assert json.loads(finished.stdout) == MOON
    assert finished.stdout.count("\n") == 1


@pytest.mark.parametrize("variables", ['{"key": "moon-hiccups"}', "@variables.json"])
def test_variables_are_given_as_json_or_as_a_file_of_it(variables: str, folder: Path, command: Command):
    (folder / "ask.graphql").write_text(ONE)
    (folder / "variables.json").write_text('{"key": "moon-hiccups"}')
    finished = command("query", "ask.graphql", "--variables", variables, "--operation", "One", cwd=folder)
    assert (finished.code, json.loads(finished.out)) == (0, MOON)


def test_an_operation_is_chosen_by_its_name(folder: Path, command: Command):
    (folder / "ask.graphql").write_text(ONE)
    finished = command("query", "ask.graphql", "--operation", "Two", cwd=folder)
    assert json.loads(finished.out) == {"data": {"condition": {"name": "Star sneezes"}}}


def test_an_answer_with_errors_is_printed_and_ends_with_1(folder: Path, command: Command):
    (folder / "ask.graphql").write_text("{ nothing }")
    finished = command("query", "ask.graphql", cwd=folder)
    assert finished.code == 1
    assert json.loads(finished.out)["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


def test_committed_content_is_asked_unless_the_working_tree_is_meant(repository: Repository, command: Command):
    repository.tag("spring")
    summer = world.edited({"conditions/moon-hiccups.json": {"/text/en/name": "Summer"}})
    repository.commit(in_content(summer))
    autumn = world.edited({"conditions/moon-hiccups.json": {"/text/en/name": "Autumn"}})
    write(repository.path / "content", autumn)
    (repository.path / "ask.graphql").write_text('{ condition(key: "moon-hiccups") { name } }')

    def name(*options: str) -> str:
        return json.loads(command("query", "ask.graphql", *options, cwd=repository.path).out)["data"]["condition"][
            "name"
        ]

    assert (name(), name("--working-tree"), name("--ref", "spring")) == ("Summer", "Autumn", "Moon hiccups")


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ("[1]", "Expected a JSON object"),
        ("{", "This is not JSON"),
        ("@nowhere.json", "nowhere.json cannot be read: No such file or directory"),
    ],
)
def test_variables_that_are_none_are_a_usage_error(variables: str, expected: str, folder: Path, command: Command):
    (folder / "ask.graphql").write_text(ONE)
    finished = command("query", "ask.graphql", "--variables", variables, cwd=folder)
    assert (finished.code, finished.out) == (2, "")
    assert expected in " ".join(finished.err.replace("│", "").split())


def test_a_file_that_is_not_there_is_a_usage_error(folder: Path, command: Command):
    finished = command("query", "nowhere.graphql", cwd=folder)
    assert finished.code == 2
    assert "nowhere.graphql" in finished.err


def test_content_with_problems_answers_nothing(folder: Path, command: Command):
    (folder / "content/site.json").unlink()
    (folder / "ask.graphql").write_text("{ __typename }")
    finished = command("query", "ask.graphql", cwd=folder)
    assert (finished.code, finished.out) == (1, "")
    assert "There is no site.json." in finished.err
