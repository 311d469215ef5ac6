"""docs/reference/errors.md and the table in content_api/errors.py."""

from __future__ import annotations

from content_api.errors import ERROR_CODES
from tests.live import ROOT

PAGE = ROOT / "docs/reference/errors.md"


def test_the_page_has_every_code_with_its_status_and_meaning():
    table = "".join(f"| `{code}` | {status} | {meaning} |\n" for code, (status, meaning) in ERROR_CODES.items())
    written = PAGE.read_text(encoding="utf-8").partition("| --- | --- | --- |\n")[2]
    assert written == table, f"The table of {PAGE} should be:\n{table}"
