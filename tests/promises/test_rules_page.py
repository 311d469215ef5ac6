"""docs/reference/rules.md and the rules: each has a section, and what the section shows breaks just that rule.

That every example is refused in the words shown is tested with the other pages, in tests/docs/test_blocks.py.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from content_api.content.library_rules import LIBRARY_RULES
from content_api.content.rules import RULES
from tests.docs.blocks import read
from tests.live import ROOT

PAGE = "docs/reference/rules.md"
SOURCES = sorted((ROOT / "content_api").glob("content/*.py"))
# Where the name of the rule stands among the arguments of what makes a problem.
PLACES = {"Problem": 4, "problem": 0, "locate": 1}


def sections() -> list[str]:
    return [title.strip("`") for title in read(PAGE).titles if title.startswith("`")]


def test_every_rule_has_a_section_and_none_else_has():
    tables = {rule.__name__ for rule in (*RULES, *LIBRARY_RULES)}
    assert sorted(sections()) == sorted(tables | named_in_code())


def test_every_section_shows_a_breach():
    shown = {block.section.strip("`") for block in read(PAGE).blocks if block.language in ("text", "console")}
    assert set(sections()) == shown


def named_in_code() -> set[str]:
    """The rules that are no function of a table, by the problems and findings that carry their names."""
    found = {name for path in SOURCES for name in names(path)}
    assert {"json", "mass_delete", "model_version_known", "schema_named", "tree_size"} <= found, "the search is blind"
    return found


def names(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield from name_in_call(node)
        elif isinstance(node, ast.Tuple) and len(node.elts) == 2:
            yield from name_beside_finding(*node.elts)


def name_in_call(node: ast.Call) -> Iterator[str]:
    """`Problem(…, "rule", …)`, `locate(pointer, "rule", …)` and the like, however the function was come by."""
    function = node.func.func if isinstance(node.func, ast.Call) else node.func
    name = getattr(function, "id", "").replace("locator", "locate")
    arguments = node.args[PLACES[name] :] if name in PLACES else []
    if arguments and isinstance(arguments[0], ast.Constant) and isinstance(arguments[0].value, str):
        yield arguments[0].value


def name_beside_finding(name: ast.expr, finding: ast.expr) -> Iterator[str]:
    """`"rule", Finding(…)`, or a finding by that name."""
    called = getattr(getattr(finding, "func", finding), "id", "")
    if isinstance(name, ast.Constant) and isinstance(name.value, str) and called.lower() == "finding":
        yield name.value
