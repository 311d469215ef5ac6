"""The page that the tutorial's reader has written, in a real browser: cautions first, and nothing lost."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from tests.docs.blocks import read
from tests.docs.sandbox import DOCUMENTED
from tests.live import LiveServer
from tests.needs import needs
from tests.web.test_browser import QUIET

pytestmark = [needs("chromium"), needs("chromedriver")]

HEADINGS = "return [...document.querySelectorAll('h1, h2')].map(heading => heading.textContent)"
NOTES = "return [...document.querySelectorAll('[role=note] h2')].map(heading => heading.textContent)"
LANGUAGE = "return document.querySelector('article').lang"


@pytest.fixture(scope="module", name="browser")
def _browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or "chromium"
    for flag in (*QUIET, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver") or "chromedriver"))
    try:
        yield driver
    finally:
        driver.quit()


@pytest.fixture
def page(browser: webdriver.Chrome, live_server: LiveServer, tmp_path: Path) -> webdriver.Chrome:
    """The page, opened from a file as the reader does."""
    [block] = [block for block in read("docs/tutorial.md").blocks if block.title == "page.html"]
    file = tmp_path / "page.html"
    file.write_text(block.text.replace(f"http://{DOCUMENTED}", live_server.url), encoding="utf-8")
    browser.get(file.as_uri())
    return browser


def test_the_page_shows_every_required_caution_before_any_text(page: webdriver.Chrome, live_server: LiveServer):
    shows(page, "Neuropathic pain")
    expected = answer(live_server, "condition", "neuropathic-pain")
    names = [caution["name"] for caution in expected["condition"]["requiredCautions"]]
    assert names, "a page without cautions proves nothing"
    assert page.execute_script(NOTES) == names
    assert page.execute_script(HEADINGS)[: len(names) + 1] == ["Neuropathic pain", *names]
    roles = [note.aria_role for note in page.find_elements(By.CSS_SELECTOR, "[role=note]")]
    assert roles == ["note"] * len(names)


def test_the_page_marks_its_language_and_says_what_it_is_not(page: webdriver.Chrome, live_server: LiveServer):
    shows(page, "Neuropathic pain")
    expected = answer(live_server, "condition", "neuropathic-pain")
    assert page.execute_script(LANGUAGE) == expected["condition"]["served"]["locale"]
    assert page.find_element(By.ID, "disclaimer").text == expected["site"]["disclaimer"]
    assert page.find_element(By.ID, "review").text == "No clinician has checked this page."


def test_a_link_to_another_entity_leads_to_its_page(page: webdriver.Chrome, live_server: LiveServer):
    shows(page, "Neuropathic pain")
    page.find_element(By.CSS_SELECTOR, 'a[href="#symptom/tingling"]').click()
    shows(page, "Tingling")
    assert page.find_elements(By.CSS_SELECTOR, 'a[href^="ref:"]') == []


def test_grave_cautions_come_first(page: webdriver.Chrome, live_server: LiveServer):
    page.get(page.current_url + "#treatment/ketamine-infusion")
    shows(page, "Ketamine infusion")
    names = [
        one["name"] for one in answer(live_server, "treatment", "ketamine-infusion")["treatment"]["requiredCautions"]
    ]
    assert page.execute_script(NOTES) == names
    assert "CRITICAL" in page.find_element(By.CSS_SELECTOR, "[role=note]").get_attribute("class")


def test_what_is_not_there_is_said_and_nothing_is_complained_about(page: webdriver.Chrome):
    shows(page, "Neuropathic pain")
    page.execute_script("location.hash = '#condition/no-such'")
    WebDriverWait(page, 10).until(lambda _: "There is no such page." in page.find_element(By.ID, "page").text)
    assert page.get_log("browser") == []


def shows(page: webdriver.Chrome, name: str) -> None:
    WebDriverWait(page, 10).until(lambda _: page.title == name)


def answer(server: LiveServer, kind: str, key: str) -> dict:
    query = f'{{ {kind}(key: "{key}") {{ requiredCautions {{ name }} served {{ locale }} }} site {{ disclaimer }} }}'
    return httpx2.post(f"{server.url}/graphql", json={"query": query}, trust_env=False).json()["data"]
