"""Links between pages lead somewhere, and what prose names in passing exists."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

import pytest

from tests.docs.blocks import anchors, pages, read
from tests.live import ROOT

TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


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


def test_every_page_of_docs_is_on_the_map():
    here = {f"docs/{target.partition('#')[0]}" for target in read("docs/README.md").links}
    assert {name for name in pages() if name.startswith("docs/")} - here == {"docs/README.md"}
