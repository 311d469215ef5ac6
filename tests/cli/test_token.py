"""`content-api token`: a random token, once, and what the server is told of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from content_api.settings import read_settings
from content_api.web.tokens import Tokens
from tests.cli.conftest import Command


def test_a_token_is_shown_with_the_setting_that_lets_it_in(command: Command, tmp_path: Path):
    code, out, err = command("token", "anna@example.org", cwd=tmp_path)
    assert (code, err) == (0, "")
    (_, token), (_, setting) = (line.split() for line in out.splitlines())
    assert len(token) == 43
    assert token not in setting
    tokens = Tokens.of(read_settings(preview_tokens=setting).preview_tokens)
    assert tokens.owner([f"Bearer {token}"]) == "anna@example.org"
    assert token not in command("token", "anna", cwd=tmp_path).out


@pytest.mark.parametrize("name", ["a:b", "a,b", "", "with blank", "x" * 65, "ä"])
def test_a_name_that_the_setting_could_not_hold_is_refused(command: Command, tmp_path: Path, name: str):
    code, out, err = command("token", name, cwd=tmp_path)
    assert (code, out) == (2, "")
    assert "letters, digits" in err
