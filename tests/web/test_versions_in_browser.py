"""The page of versions in a real browser: readable for everybody, and what others wrote stays words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from tests import world
from tests.live import ROOT, LiveServer, live
from tests.needs import needs, needs_folder
from tests.repositories import ISOLATED, Repository
from tests.waiting import until
from tests.web.test_browser import browser  # noqa: F401 - the fixture

AXE = ROOT / "tests" / "node" / "node_modules" / "axe-core" / "axe.min.js"
pytestmark = [needs("chromium"), needs("chromedriver"), needs_folder(AXE.parent, made_by="`make test-node-deps`")]

MOON = "conditions/moon-hiccups.json"
HOSTILE = "<script>document.title = 'taken'</script><img src=x onerror=alert(1)>\u202e\x1b[31m"
AUDIT = "axe.run().then(found => arguments[0](found.violations.map(one => [one.id, one.nodes.map(node => node.html)])))"
PAGES = ("", "versions", "versions?after=" + "0" * 40)
NARROW = 360  # pixels; the least that phones have


@pytest.fixture(scope="module", name="server")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server whose newest version is refused, and whose editors write what nobody should."""
    repository = Repository(tmp_path_factory.mktemp("versions") / "repository")
    repository.commit({f"content/{path}": data for path, data in world.files().items()}, message="The small world")
    repository.tag("spring")
    for number in range(51):
        changed = world.edited({MOON: {"/text/en/name": f"Number {number}"}})[MOON]
        repository.commit(
            {f"content/{MOON}": changed}, message=HOSTILE, author="\u202e&lt;i&gt;Eve\x1b <e@example.org>"
        )
    with live(CONTENT_API_CONTENT=str(repository.path), **ISOLATED) as server:
        wrong = world.edited({MOON: {"/state": "<script>alert(1)</script>"}})[MOON]
        repository.commit({f"content/{MOON}": wrong}, message=HOSTILE)
        until(10, lambda: httpx2.get(f"{server.url}/readyz", trust_env=False).json()["refused"])
        yield server


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_no_rule_of_accessibility_is_broken(browser: webdriver.Chrome, server: LiveServer, path: str, scheme: str):  # noqa: F811
    prefer(browser, scheme)
    browser.get(f"{server.url}/{path}")
    browser.execute_script(AXE.read_text(encoding="utf-8"))
    assert browser.execute_async_script(AUDIT) == []


def test_what_others_wrote_is_shown_as_words_and_runs_nowhere(browser: webdriver.Chrome, server: LiveServer):  # noqa: F811
    browser.get(f"{server.url}/versions")
    assert browser.title == "Versions"
    shown = browser.find_element(By.TAG_NAME, "main").text
    assert "<script>document.title = 'taken'</script><img src=x onerror=alert(1)>" in shown
    assert browser.find_elements(By.CSS_SELECTOR, "main script, main img") == []
    assert [entry for entry in browser.get_log("browser") if "/versions" in entry["message"]] == []


def test_an_editor_sees_what_is_wrong_before_anything_else_and_goes_back_through_history(
    browser: webdriver.Chrome,  # noqa: F811
    server: LiveServer,
):
    browser.get(f"{server.url}/")
    browser.find_element(By.LINK_TEXT, "Versions").click()
    headings = [heading.text for heading in browser.find_elements(By.TAG_NAME, "h2")]
    assert headings == ["A newer version was refused", "Live", "All versions"]
    assert f"{MOON}:" in browser.find_element(By.CSS_SELECTOR, "ol li").text
    assert len(browser.find_elements(By.CSS_SELECTOR, "tbody tr")) == 50
    browser.find_element(By.LINK_TEXT, "Older versions").click()
    assert [row.text.split()[1] for row in browser.find_elements(By.CSS_SELECTOR, "tbody tr")][-1] == "spring"
    browser.find_element(By.LINK_TEXT, "Newest versions").click()
    assert browser.current_url == f"{server.url}/versions"


def test_a_narrow_screen_scrolls_the_table_and_not_the_page(browser: webdriver.Chrome, server: LiveServer):  # noqa: F811
    size = {"width": NARROW, "height": 640, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get(f"{server.url}/versions")
    assert browser.execute_script("return document.documentElement.scrollWidth") <= NARROW


def prefer(browser: webdriver.Chrome, scheme: str) -> None:  # noqa: F811
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def test_the_colours_are_those_that_the_reader_prefers(browser: webdriver.Chrome, server: LiveServer, tmp_path: Path):  # noqa: F811
    found = {}
    for scheme in ("light", "dark"):
        prefer(browser, scheme)
        browser.get(f"{server.url}/versions")
        found[scheme] = browser.execute_script("return getComputedStyle(document.body).color")
    assert found["light"] == "rgb(0, 0, 0)"
    assert found["dark"] == "rgb(232, 232, 234)"
