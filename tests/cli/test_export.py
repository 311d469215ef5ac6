"""`content-api export`, and its check that what was exported is still what the code says."""

from __future__ import annotations

from pathlib import Path

from content_api.content.layout import FileKind
from tests.cli.conftest import Command

PROMISED = {
    "schema/schema.graphql",
    "schema/possibleTypes.json",
    *(f"schema/content/{kind}.schema.json" for kind in FileKind),
}


def written(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_everything_promised_is_written_below_the_current_directory(tmp_path: Path, command: Command):
    finished = command("export", cwd=tmp_path)
    assert finished.code == 0
    assert written(tmp_path) == PROMISED
    assert "Wrote schema/schema.graphql\n" in finished.out
    assert command("export", cwd=tmp_path).out == f"All {len(PROMISED)} files are what the code says.\n"


def test_the_pages_of_the_reference_are_written_where_there_is_a_reference(tmp_path: Path, command: Command):
    (tmp_path / "docs/reference").mkdir(parents=True)
    command("export", cwd=tmp_path)
    assert written(tmp_path) == PROMISED | {"docs/reference/settings.md", "docs/reference/cli.md"}


def test_a_check_names_what_differs_and_writes_nothing(tmp_path: Path, command: Command):
    command("export", cwd=tmp_path)
    (tmp_path / "schema/schema.graphql").write_text("type Query")
    (tmp_path / "schema/content/person.schema.json").unlink()
    finished = command("export", "--check", cwd=tmp_path)
    assert finished.code == 1
    assert finished.out == (
        "schema/schema.graphql is not what the code says. Run: content-api export\n"
        "schema/content/person.schema.json is not what the code says. Run: content-api export\n"
    )
    assert (tmp_path / "schema/schema.graphql").read_text() == "type Query"


def test_a_check_of_what_is_up_to_date_ends_with_0(tmp_path: Path, command: Command):
    command("export", cwd=tmp_path)
    assert command("export", "--check", cwd=tmp_path).code == 0
