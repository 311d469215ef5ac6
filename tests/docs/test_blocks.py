"""Every command and query of README and docs/ is run, and does what the page says."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest

from tests.docs.blocks import Block, Page, pages, read
from tests.docs.sandbox import Sandbox
from tests.docs.scenario import PLAYED, WRITTEN, play

# Here every section is a story of its own, which begins with the content as it is shipped.
BY_SECTION = ("docs/reference/rules.md",)


def stories() -> list[list[Block]]:
    return [story for name in pages() for story in stories_of(read(name)) if story]


def stories_of(page: Page) -> list[list[Block]]:
    if page.name not in BY_SECTION:
        return [list(page.blocks)]
    return [list(blocks) for _, blocks in groupby(page.blocks, key=lambda block: block.section)]


def name_of(story: list[Block]) -> str:
    page = story[0].page
    return f"{page}#{story[0].section}" if page in BY_SECTION else page


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    return Sandbox.made(tmp_path_factory.mktemp("docs") / "content-api")


@pytest.fixture
def sandbox(clone: Sandbox) -> Iterator[Sandbox]:
    clone.reset()
    yield clone
    clone.stop()


@pytest.mark.parametrize("story", stories(), ids=name_of)
def test_a_page_does_what_it_says(story: list[Block], sandbox: Sandbox):
    if any(re.search(r"^\$ curl\b", block.text, re.MULTILINE) for block in story) and shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    play(story, sandbox)


@pytest.mark.parametrize("name", pages())
def test_every_block_is_of_a_kind_that_is_run(name: str):
    known = {*PLAYED, *WRITTEN, "graphql"}
    blocks = read(name).blocks
    assert [str(block) for block in blocks if block.language not in known] == []
    assert [str(block) for block in blocks if block.language in PLAYED and block.title] == []


@pytest.mark.parametrize("name", pages())
def test_a_file_that_is_shown_has_a_path_or_is_an_answer(name: str):
    blocks = read(name).blocks
    before = (None, *blocks)
    adrift = [
        str(block)
        for previous, block in zip(before, blocks, strict=False)
        if block.language in WRITTEN and not block.title and (previous is None or previous.language not in ANSWERED)
    ]
    assert adrift == []


# A json block without a path is the answer to what stands before it: a query, or its variables.
ANSWERED = ("graphql", "json")


def test_there_are_pages_to_test():
    assert {"README.md", "docs/tutorial.md", "docs/reference/rules.md"} <= set(pages())


def test_a_page_that_says_the_wrong_thing_fails(tmp_path: Path, sandbox: Sandbox):
    wrong = {
        "console": "$ echo one\ntwo\n",
        "diff": "--- a/README.md\n+++ b/README.md\n@@\n-no such line\n+another\n",
        "text": "site.json: Nothing is wrong with it.\n",
    }
    for language, text in wrong.items():
        with pytest.raises(AssertionError):
            play([Block("page.md", 1, "", language, "", text)], sandbox)
    query = Block("page.md", 1, "", "graphql", "", "{ site { defaultLocale } }")
    with pytest.raises(AssertionError):
        play([query, Block("page.md", 5, "", "json", "", '{"data": {"site": {"defaultLocale": "xx"}}}')], sandbox)
