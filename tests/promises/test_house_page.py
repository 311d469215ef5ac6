"""docs/why/house.md, the rooms of the code and the import rules."""

from __future__ import annotations

import re
import tomllib

from tests.docs.blocks import read
from tests.live import ROOT

PAGE = read("docs/why/house.md")
PACKAGE = ROOT / "content_api"


def test_the_floors_of_the_page_are_those_of_the_import_rules():
    [contract] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    below = PAGE.prose.partition("| floor, from the top |")[2].partition("\n\n")[0]
    first_cells = [line.split("|")[1] for line in below.splitlines()[2:]]
    floors = [" | ".join(re.findall(r"`(\w+)`", cell)) for cell in first_cells]
    assert floors == contract["layers"]


def test_every_file_and_room_that_the_page_names_is_there():
    files = {name for name in PAGE.inline if re.fullmatch(r"\w+(/\w+)*\.py", name)}
    assert len(files) > 30, "the search is blind"
    assert [name for name in sorted(files) if not ((PACKAGE / name).is_file() or (ROOT / name).is_file())] == []


def test_every_room_is_on_the_page():
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}
    assert rooms <= set(PAGE.inline)


def test_only_the_room_that_the_page_names_imports_a_library():
    alone = {"strawberry": {"graph"}, "tantivy": {"content"}, "typer": {"cli"}, "pydantic_settings": {"settings.py"}}
    for library, rooms in alone.items():
        assert rooms_that_import(library) == rooms
    assert rooms_that_import("starlette") <= {"web", "app.py", "cli"}


def rooms_that_import(library: str) -> set[str]:
    imports = re.compile(rf"^\s*(?:import|from) {library}\b", re.MULTILINE)
    paths = (path for path in PACKAGE.rglob("*.py") if imports.search(path.read_text(encoding="utf-8")))
    return {path.relative_to(PACKAGE).parts[0] for path in paths}
