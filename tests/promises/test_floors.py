"""The table of floors in docs/reference/security.md, what pyproject.toml asks for, what is pinned and what is here."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from content_api.store.installed import SAFE
from tests.docs.blocks import read
from tests.live import ROOT

ROWS = re.findall(r"^\| `([\w-]+)` \| ([\d.]+) \|", read("docs/reference/security.md").prose, re.MULTILINE)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ASKED = {one.name: one for one in map(Requirement, PROJECT["dependencies"])}
PINNED = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").split())
FLOORS = {name: Version(floor) for name, floor in ROWS if name != "git"}


def test_the_page_has_the_floors():
    assert {"strawberry-graphql", "graphql-core", "starlette", "h11"} == set(FLOORS)
    assert dict(ROWS)["git"] == ".".join(map(str, SAFE))


@pytest.mark.parametrize("name", FLOORS)
def test_nothing_below_a_floor_is_asked_for_pinned_or_here(name: str):
    lowest = [Version(one.version) for one in ASKED[name].specifier if one.operator == ">="]
    assert lowest, f"pyproject.toml should say from which {name} on"
    assert min(lowest) >= FLOORS[name]
    assert Version(PINNED[name]) >= FLOORS[name]
    assert Version(importlib.metadata.version(name)) >= FLOORS[name]


def test_whatever_is_asked_for_is_pinned():
    every = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]
    assert {normal(Requirement(one).name) for one in every} - set(map(normal, PINNED)) == set()


def normal(name: str) -> str:
    """A package's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()
