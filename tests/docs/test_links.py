"""Links between pages lead somewhere, and what prose names in passing exists."""

from __future__ import annotations

import re
import shlex
from pathlib import PurePosixPath

import pytest
import typer

from content_api.cli import build
from tests.docs.blocks import anchors, pages, read
from tests.live import ROOT

TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
CLI = typer.main.get_group(build())


@pytest.mark.parametrize("name", pages())
def test_every_link_to_a_file_or_heading_leads_there(name: str):
    assert [target for target in read(name).links if not leads_somewhere(name, target)] == []


def leads_somewhere(name: str, target: str) -> bool:
    if re.match(r"[a-z]+:", target):
        return target.startswith("https://")
    path, _, anchor = target.partition("#")
    file = (ROOT / name).parent / path if path else ROOT / name
    if not file.exists():
        return False
    linked = PurePosixPath(file.resolve().relative_to(ROOT.resolve())).as_posix()
    return not anchor or anchor in anchors(read(linked))


@pytest.mark.parametrize("name", pages())
def test_every_make_target_named_in_prose_exists(name: str):
    named = {words[1] for code in read(name).inline if (words := code.split())[:1] == ["make"] and len(words) > 1}
    assert named <= TARGETS


@pytest.mark.parametrize("name", pages())
def test_every_command_and_option_of_content_api_that_is_named_exists(name: str):
    """Those in passing prose, too, and in indented examples; those in console blocks are run besides."""
    page = read(name)
    lines = [*page.inline, *(line for line in page.prose.splitlines() if line.startswith("    "))]
    named = [shlex.split(line)[1:] for line in map(str.strip, lines) if re.match(r"content-api [a-z]", line)]
    assert [words for words in named if not is_command(words)] == []


def is_command(words: list[str]) -> bool:
    command = CLI.commands.get(words[0])
    if command is not None and hasattr(command, "commands"):  # a group, such as `content-api hook`
        command, words = command.commands.get(words[1]), words[1:]
    options = {option for parameter in command.params for option in parameter.opts} if command else set()
    asked = {word for word in words[1:] if word.startswith("--")}
    return command is not None and asked <= options | {"--help"}


def test_every_page_of_docs_is_on_the_map():
    here = {f"docs/{target.partition('#')[0]}" for target in read("docs/README.md").links}
    assert {name for name in pages() if name.startswith("docs/")} - here == {"docs/README.md"}
