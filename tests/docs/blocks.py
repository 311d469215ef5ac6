"""What a page of the documentation holds: fenced blocks, headings and links, read from its Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.live import ROOT

FENCE = re.compile(r"^```(?P<info>[^`]*)$")
HEADING = re.compile(r"^#{1,6} +(?P<title>.*)$")
LINK = re.compile(r"(?<!\!)\[[^\]]*\]\((?P<target>[^)\s]+)\)")
INLINE = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block. `title` is what follows the language after the fence: often the path of a file."""

    page: str
    line: int
    section: str
    language: str
    title: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass(frozen=True, slots=True)
class Page:
    """A page, cut into its blocks and its prose. `name` is its path from the top of the repository."""

    name: str
    blocks: tuple[Block, ...]
    prose: str
    """Everything that is not in a block, headings included; lines keep their numbers."""

    @property
    def titles(self) -> list[str]:
        return [match["title"] for line in self.prose.split("\n") if (match := HEADING.match(line))]

    @property
    def links(self) -> list[str]:
        return [match["target"] for match in LINK.finditer(INLINE.sub("", self.prose))]

    @property
    def inline(self) -> list[str]:
        """What stands between single backticks."""
        return INLINE.findall(self.prose)


def read(name: str) -> Page:
    lines = (ROOT / name).read_text(encoding="utf-8").split("\n")
    blocks = list(_blocks(name, lines))
    inside = {at for block in blocks for at in range(block.line, block.line + block.text.count("\n") + 2)}
    prose = "\n".join("" if at in inside else line for at, line in enumerate(lines, start=1))
    return Page(name, tuple(blocks), prose)


def pages() -> list[str]:
    """Every page that a reader may come upon."""
    found = ["README.md", "CHANGELOG.md", "content/README.md", *_below("docs")]
    return [name for name in found if (ROOT / name).is_file()]


def anchors(page: Page) -> set[str]:
    """The anchors that GitHub and its like give to the headings of a page."""
    seen: dict[str, int] = {}
    found = set()
    for title in page.titles:
        slug = re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-")
        times = seen[slug] = seen.get(slug, -1) + 1
        found.add(f"{slug}-{times}" if times else slug)
    return found


def _below(folder: str) -> list[str]:
    return sorted(path.relative_to(ROOT).as_posix() for path in Path(ROOT / folder).rglob("*.md"))


def _blocks(name: str, lines: list[str]) -> Iterator[Block]:
    section, opened, info, text = "", 0, "", []
    for at, line in enumerate(lines, start=1):
        fence = FENCE.match(line)
        if opened and fence:
            language, _, title = info.partition(" ")
            yield Block(name, opened, section, language, title.strip(), "".join(f"{one}\n" for one in text))
            opened = 0
        elif opened:
            text.append(line)
        elif fence:
            opened, info, text = at, fence["info"].strip(), []
        elif heading := HEADING.match(line):
            section = heading["title"]
    assert not opened, f"{name}:{opened}: the block is never closed"
