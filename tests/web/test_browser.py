"""GraphiQL in a real browser that cannot reach any other host: what a first visitor to /graphql sees."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support import expected_conditions as expect
from selenium.webdriver.support.wait import WebDriverWait

from content_api.web.tokens import hashed, new_token
from tests.live import LiveServer, live
from tests.needs import needs
from tests.publish.world import moon, new_repository

pytestmark = [needs("chromium"), needs("chromedriver")]

SECONDS_TO_APPEAR = 20

# Without these, Chromium itself talks to its maker, and the test could not tell its requests from the page's.
QUIET = (
    "--headless",
    "--no-sandbox",  # tests may run as root, in a container, where Chromium's sandbox cannot start
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1400,900",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)

RUN = (By.CSS_SELECTOR, ".graphiql-execute-button")
SHOW_DOCUMENTATION = (By.CSS_SELECTOR, "[aria-label='Show Documentation Explorer']")
ROOT_TYPE = (By.CSS_SELECTOR, ".graphiql-doc-explorer-root-type + .graphiql-doc-explorer-type-name")
ANSWER = "return document.querySelector('.result-window .CodeMirror').CodeMirror.getValue()"
PANEL = (By.CSS_SELECTOR, ".graphiql-plugin")


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or "chromium"
    for flag in (*QUIET, f"--user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    # The driver is named: selenium would otherwise look for one on the network.
    service = webdriver.ChromeService(shutil.which("chromedriver") or "chromedriver")
    driver = webdriver.Chrome(options, service)
    try:
        yield driver
    finally:
        driver.quit()


@pytest.fixture
def page(browser: webdriver.Chrome, live_server: LiveServer) -> webdriver.Chrome:
    """GraphiQL, opened and with the schema read."""
    browser.get(f"{live_server.url}/graphql")
    appears(browser, RUN)
    return browser


def test_the_first_query_runs_at_the_press_of_the_button(page: webdriver.Chrome):
    assert page.title == "content-api · GraphiQL"
    appears(page, RUN).click()
    answer = answer_of(page)
    assert "errors" not in answer
    condition = answer["data"]["condition"]
    assert condition["name"]
    assert condition["requiredCautions"], "the first query shows a condition together with its cautions"


def test_a_query_typed_by_the_visitor_runs_with_control_and_enter(page: webdriver.Chrome):
    type_query(page, "{ __type(name: ")
    page.switch_to.active_element.send_keys('"Query") { name } }', Keys.CONTROL, Keys.ENTER)
    assert answer_of(page) == {"data": {"__type": {"name": "Query"}}}


def test_the_documentation_opens_and_describes_the_query_type(page: webdriver.Chrome):
    appears(page, SHOW_DOCUMENTATION).click()
    appears(page, ROOT_TYPE).click()
    description = described_in_the_schema(page, "Query")
    WebDriverWait(page, SECONDS_TO_APPEAR).until(expect.text_to_be_present_in_element(PANEL, description[:40]))


def test_no_other_host_is_asked_and_nothing_is_complained_about(page: webdriver.Chrome, live_server: LiveServer):
    appears(page, RUN).click()
    answer_of(page)
    appears(page, SHOW_DOCUMENTATION).click()
    appears(page, ROOT_TYPE)
    asked = requested_addresses(page)
    assert f"{live_server.url}/graphql" in asked, "the log of requests is empty: it proves nothing"
    assert {urlsplit(address).netloc for address in asked} == {urlsplit(live_server.url).netloc}
    assert page.get_log("browser") == []


def test_a_preview_asks_for_the_token_and_keeps_it_out_of_the_address(browser: webdriver.Chrome, tmp_path: Path):
    repository = new_repository(tmp_path / "content.git")
    repository.branch("review/moon", "main")
    repository.commit(moon("From a branch"), branch="review/moon")
    token = new_token()
    settings = {"CONTENT": str(repository.path), "FOLDER": "content", "PREVIEW_BRANCHES": "review/*"}
    settings["PREVIEW_TOKENS"] = f"anna:{hashed(token)}"
    with live(**{f"CONTENT_API_{name}": value for name, value in settings.items()}) as server:
        browser.get(f"{server.url}/preview/review/moon/graphql")
        asked = WebDriverWait(browser, SECONDS_TO_APPEAR).until(expect.alert_is_present())
        assert "token" in asked.text
        asked.send_keys(token)
        asked.accept()
        appears(browser, RUN)
        type_query(browser, '{ condition(key: "moon-hiccups") { name')
        browser.switch_to.active_element.send_keys(Keys.CONTROL, Keys.ENTER)
        assert answer_of(browser) == {"data": {"condition": {"name": "From a branch"}}}
        assert token not in browser.current_url
        assert token not in browser.execute_script(
            "return JSON.stringify([localStorage, sessionStorage, document.cookie])"
        )
        assert token not in server.log.read_text()


def appears(page: webdriver.Chrome, what: tuple[str, str]):
    return WebDriverWait(page, SECONDS_TO_APPEAR).until(expect.element_to_be_clickable(what))


def type_query(page: webdriver.Chrome, text: str) -> None:
    page.execute_script("document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror.setValue('')")
    page.find_element(By.CSS_SELECTOR, ".graphiql-query-editor .CodeMirror").click()
    page.switch_to.active_element.send_keys(text)


def answer_of(page: webdriver.Chrome) -> dict:
    """What the pane on the right shows, once it shows something."""
    shown = WebDriverWait(page, SECONDS_TO_APPEAR).until(lambda _: page.execute_script(ANSWER))
    return json.loads(shown)


def described_in_the_schema(page: webdriver.Chrome, type_name: str) -> str:
    body = json.dumps({"query": f'{{ __type(name: "{type_name}") {{ description }} }}'})
    answer = page.execute_async_script(
        "fetch('graphql', {method: 'POST', headers: {'content-type': 'application/json'}, body: arguments[0]})"
        ".then(reply => reply.json()).then(arguments[1])",
        body,
    )
    return answer["data"]["__type"]["description"]


def requested_addresses(page: webdriver.Chrome) -> set[str]:
    """Every address on a network that was asked for, or tried to be; not `data:`, nor the browser's own `chrome:`."""
    messages = [json.loads(entry["message"])["message"] for entry in page.get_log("performance")]
    asked = {m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"}
    sockets = {m["params"]["url"] for m in messages if m["method"] == "Network.webSocketCreated"}
    return {address for address in asked | sockets if urlsplit(address).scheme in ("http", "https", "ws", "wss")}
