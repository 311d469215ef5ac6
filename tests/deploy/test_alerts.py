"""The alarms of docs/how-to/deploy: Prometheus takes them, they ask for what there is, and each has its section."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from content_api.errors import ERROR_CODES
from tests.docs.blocks import anchors, read
from tests.live import ROOT
from tests.needs import needs

FILE = ROOT / "docs/how-to/deploy/alerts.yml"
TIMES = {path.name: path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("*_test.yml")}
[GROUP] = yaml.safe_load(FILE.read_text(encoding="utf-8"))["groups"]
ALERTS = {rule["alert"]: rule for rule in GROUP["rules"]}
PAGE = read("docs/how-to/run-it.md")


def column(page: str, pattern: str) -> set[str]:
    return set(re.findall(pattern, (ROOT / "docs/reference" / page).read_text(encoding="utf-8"), re.MULTILINE))


METRICS = column("metrics.md", r"^\| `(content_api_\w+)` \|")
"""A test of that page holds it to the code."""


@needs("promtool")
def test_prometheus_understands_them():
    for command in (["rules", FILE], ["config", FILE.with_name("prometheus.yml")]):
        checked = subprocess.run(["promtool", "check", *command], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stdout + checked.stderr


@needs("promtool")
@pytest.mark.parametrize("name", TIMES)
def test_each_comes_when_it_should_and_not_before(name: str, tmp_path: Path):
    filled = tmp_path / name
    filled.write_text(TIMES[name].replace("RULES", str(FILE)), encoding="utf-8")
    tested = subprocess.run(["promtool", "test", "rules", filled], capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_each_has_a_time_at_which_it_is_tested_to_come():
    assert set(re.findall(r'alertname="(\w+)"', "".join(TIMES.values()))) == set(ALERTS)


@pytest.mark.parametrize("name", ALERTS)
def test_what_an_alarm_asks_for_is_there(name: str):
    asked = ALERTS[name]["expr"]
    metrics = {metric.removesuffix("_bucket") for metric in re.findall(r"content_api_\w+", asked)}
    assert metrics <= METRICS
    assert metrics or asked == 'up{job="content-api"} == 0'
    codes = {code for found in re.findall(r'code=~?"([^"]*)"', asked) for code in found.split("|")}
    assert codes <= set(ERROR_CODES)
    roads = {road for found in re.findall(r'answered=~"([^"]*)"', asked) for road in found.split("|")}
    assert roads <= column("log.md", r"^\| `(\w+)` \|")


@pytest.mark.parametrize("name", ALERTS)
def test_an_alarm_says_how_grave_it_is_and_leads_to_what_to_do(name: str):
    alert = ALERTS[name]
    assert alert["labels"]["severity"] in ("page", "ticket")
    assert alert["annotations"]["summary"].endswith(".")
    page, _, anchor = alert["annotations"]["runbook"].partition("#")
    assert page == "run-it.md"
    assert anchor == name.lower()
    assert anchor in anchors(PAGE)
    section = PAGE.prose.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    for part in ("**It means** that", "**Look", "**Do"):
        assert section.count(part) == 1, f"the section of {name} says {part} once"


def test_every_section_of_an_alarm_has_one_and_whatever_else_is_named_is_there():
    assert {title for title in PAGE.titles if title.startswith("ContentApi")} == set(ALERTS)
    named = {re.sub(r"(_bucket|_count|_sum)$", "", word) for word in PAGE.inline if word.startswith("content_api_")}
    assert named
    assert named <= METRICS
