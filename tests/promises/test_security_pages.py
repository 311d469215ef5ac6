"""docs/reference/security.md, docs/why/threats.md and docs/how-to/deploy.md: what they name is there."""

from __future__ import annotations

import re

import pytest

from content_api.settings import Settings, variable
from tests.docs.blocks import read
from tests.live import ROOT

SETTINGS = {variable(name) for name in Settings.model_fields}


def test_every_test_that_stands_for_a_defence_is_there_and_every_threat_has_one():
    rows = re.findall(r"^\| [^|]+ \| [^|]+ \| ([^|]+) \|$", read("docs/why/threats.md").prose, re.MULTILINE)
    shown = [cell for cell in rows if cell.strip() not in ("shown by", "---")]
    assert len(shown) > 25
    for cell in shown:
        files = re.findall(r"`(tests/[\w/]+\.py)`", cell)
        assert files, f"{cell} names no test"
        assert [file for file in files if not (ROOT / file).is_file()] == []


@pytest.mark.parametrize(
    "name", ["docs/reference/security.md", "docs/why/threats.md", "docs/how-to/deploy.md", "docs/how-to/run-it.md"]
)
def test_every_setting_that_is_named_is_one(name: str):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert set(re.findall(r"\bCONTENT_API_[A-Z_]+", text)) <= SETTINGS
