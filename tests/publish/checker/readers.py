"""Those who read all the while, and what each of them holds an answer to.

A reader asks one kind of question, again and again, on a connection of its own, in a thread of its own.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tests.publish.checker.client import Answer, Client
from tests.publish.checker.content import MARKER, published, serials, word
from tests.publish.checker.ledger import Findings, Ledger, Pushed

PAUSE_SECONDS = 0.01  # between two questions: six readers then leave the server most of a core
PAGE = 7

PARTS = f"""
  site {{ version }}
  conditions(first: 3) {{ totalCount nodes {{
    name summary served {{ version }}
    symptoms {{ symptom {{ name conditions {{ condition {{ name }} }} }} }} causes {{ cause {{ name }} }}
    requiredCautions {{ name summary }}
  }} }}
  symptoms {{ totalCount }} causes {{ totalCount }} treatments {{ totalCount }} cautions {{ totalCount }}
  recallable: cause(key: "recallable") {{ name }}
  found: search(text: "{MARKER}", first: 3) {{ totalCount edges {{ node {{ name }} highlights {{ text }} }} }}
"""
LIVE = f"{{ {PARTS} }}"
OLDER = (
    "query ($version: String!, $word: String!) { content(version: $version) {"
    f"{PARTS} its: search(text: $word) {{ totalCount }} }} }}"
)
PAGES = f"""
query ($after: String) {{ causes(first: {PAGE}, after: $after) {{
  totalCount nodes {{ name served {{ version }} }} pageInfo {{ endCursor hasNextPage }}
}} }}
"""


@dataclass(slots=True)
class Reader:
    """What all readers have. `ask_once` is called until `stop` is set."""

    random: Random
    client: Client
    ledger: Ledger
    findings: Findings
    stop: threading.Event

    def ask_until_stopped(self, ask_once: Callable[[Reader], None]) -> None:
        try:
            while not self.stop.is_set():
                ask_once(self)
                time.sleep(PAUSE_SECONDS)
        except Exception:  # noqa: BLE001 - an answer of another shape than was asked for: in a thread it would go unseen
            self.findings.report("A reader cannot make sense of an answer", traceback.format_exc())
        finally:
            self.client.close()

    def refuse(self, what: str, answer: Answer) -> None:
        self.findings.report(what, answer)


# ---- what an answer is held to


def live_answer(reader: Reader, answer: Answer) -> Pushed | None:
    """An answer from what was live: status 200, from a good version, not behind one that was seen before."""
    if answer.status != 200:
        return reader.refuse(f"The status is {answer.status}", answer)
    known = reader.ledger.commits.get(answer.version or "")
    if known is None or not known.good:
        return reader.refuse(f"Content-Version {answer.version} never passed its checks", answer)
    if reader.ledger.observe(known.version, answer.floor) is None:
        seen = reader.ledger.aims[answer.floor][0]
        return reader.refuse(f"It went backwards: {known.version} after {seen}, and the branch never did", answer)
    return known


def whole(reader: Reader, answer: Answer, of: Pushed, content: dict) -> None:
    """All parts of an answer are of one version."""
    found = serials(answer.body)
    if found != {of.serial}:
        reader.refuse(f"Version {of.version} is number {of.serial}; the answer has the numbers {sorted(found)}", answer)
    ids = {content["site"]["version"], *(node["served"]["version"] for node in content["conditions"]["nodes"])}
    if len(ids) != 1:
        reader.refuse(f"Parts of the answer say that they are of {sorted(ids)}", answer)
    expected = published(of.serial, recalled=content["recallable"] is None)
    kinds = ("conditions", "symptoms", "causes", "treatments", "cautions")
    counted = sum(content[kind]["totalCount"] for kind in kinds)
    if counted != expected:
        reader.refuse(f"Number {of.serial} has {expected} entities; the answer counts {counted}", answer)
    if content["found"]["totalCount"] != expected:
        reader.refuse(f"Number {of.serial} has {expected} entities; a search for all of them finds others", answer)


def recalled_as_it_says(reader: Reader, answer: Answer, of: Pushed, content: dict) -> None:
    """What the live version recalls is not there, and what it does not recall is. A pin may hide more."""
    if of.version not in reader.ledger.pins and (content["recallable"] is None) != of.recalled:
        reader.refuse(f"Version {of.version} {'recalls' if of.recalled else 'does not recall'} an entity", answer)


# ---- the questions


def ask_live(reader: Reader) -> None:
    """What is live, with the version in the header and, now and then, in the extensions."""
    about = reader.random.random() < 0.2
    answer = reader.client.ask(LIVE, at="?extensions=content" if about else "")
    if answer and (of := live_answer(reader, answer)):
        content = answer.document["data"]
        whole(reader, answer, of, content)
        recalled_as_it_says(reader, answer, of, content)
        if content["site"]["version"] != answer.version:
            reader.refuse("The header names another version than the answer", answer)
        if about and answer.document["extensions"]["content"]["version"] != answer.version:
            reader.refuse("The extensions name another version than the header", answer)


def ask_older(reader: Reader) -> None:
    """A version that can be read whatever is live by now, or one that was refused."""
    floor = reader.ledger.position
    bad = reader.ledger.bad()
    if bad and reader.random.random() < 0.1:
        return ask_bad(reader, reader.random.choice(bad))
    of = reader.random.choice(reader.ledger.readable(floor))
    answer = ask_until_mended(reader, OLDER, version=of.commit, word=word(of.serial))
    if answer is None or unreadable_by_now(reader, answer, of.commit, floor):
        return None
    if answer.status != 200 or answer.code:
        return reader.refuse(f"Version {of.commit} cannot be read", answer)
    # What a recall hides in it changes with what is live, so that then the answer is dated by that.
    if answer.version != of.commit and not ("extensions" in answer.document and live_answer(reader, answer)):
        return reader.refuse(f"An answer from {of.commit} says that it is of another version", answer)
    content = answer.document["data"]["content"]
    whole(reader, answer, of, content)
    if content["its"]["totalCount"] != content["found"]["totalCount"]:
        reader.refuse(f"A search for {word(of.serial)} finds other entities than one for all", answer)
    return None


def ask_until_mended(reader: Reader, query: str, **variables: object) -> Answer | None:
    """Ask again while a version cannot be read, for as long as the server may take to mend what it reads from.

    The time counts from the first such answer: what it reads from may be damaged after the question was asked.
    """
    lacking_since = None
    while True:
        answer = reader.client.ask(query, **variables)
        if answer is None or answer.code != "VERSION_NOT_AVAILABLE" or reader.stop.is_set():
            return answer
        lacking_since = lacking_since or time.monotonic()
        if time.monotonic() > lacking_since + reader.ledger.mends_in:
            return answer
        time.sleep(0.1)


def unreadable_by_now(reader: Reader, answer: Answer, commit: str, floor: int) -> bool:
    """The branch was moved to where it does not lead to that version, or too many waited for theirs: both are said."""
    if answer.code == "VERSION_NOT_AVAILABLE" and not reader.ledger.always_reachable(commit, floor):
        return True
    return answer.status == 503 and answer.code == "OVERLOADED" and "retry-after" in answer.headers


def ask_bad(reader: Reader, bad: Pushed) -> None:
    answer = reader.client.ask(OLDER, version=bad.commit, word="x")
    if answer and answer.code not in ("VERSION_NOT_AVAILABLE", "OVERLOADED"):
        reader.refuse(f"{bad.commit} was refused, and can be read all the same", answer)


def ask_tag(reader: Reader) -> None:
    """What a tag names, which is one of the commits that it was ever told to name."""
    name = reader.random.choice(sorted(reader.ledger.tags) or ["none"])
    answer = reader.client.ask("query ($ref: String!) { version(ref: $ref) { id tags } }", ref=name)
    if answer is None or answer.code == "VERSION_NOT_AVAILABLE" or not live_answer(reader, answer):
        return
    found = answer.document["data"]["version"]
    if found and found["id"] not in reader.ledger.tags[name]:
        reader.refuse(f"The tag {name} never named that", answer)


def ask_pages(reader: Reader) -> None:
    """All pages of a list, slowly: they are of the version that the first was of, whatever went live meanwhile."""
    floor = reader.ledger.position
    answer = reader.client.ask(PAGES)
    of = answer and live_answer(reader, answer)
    names: list[str] = []
    while answer and of and not reader.stop.is_set():
        listed = answer.document["data"]["causes"]
        names += [node["name"] for node in listed["nodes"]]
        versions = {node["served"]["version"] for node in listed["nodes"]}
        if serials(answer.body) - {of.serial} or versions - {of.version}:  # neither, where the rest is recalled by now
            return reader.refuse(f"The first page was of number {of.serial}, version {of.version}", answer)
        if not listed["pageInfo"]["hasNextPage"]:
            return all_pages(reader, answer, names, listed["totalCount"])
        time.sleep(reader.random.choice((0, 0.05, 0.3, 1)))
        answer = ask_until_mended(reader, PAGES, after=listed["pageInfo"]["endCursor"])
        if answer is None or unreadable_by_now(reader, answer, of.version, floor):
            return None
        if answer.status != 200 or answer.code:
            return reader.refuse("A page that was begun cannot be ended", answer)
    return None


def all_pages(reader: Reader, answer: Answer, names: list[str], total: int) -> None:
    missing = total - len(names)
    if len(set(names)) != len(names) or missing not in (-1, 0, 1):  # one may be recalled, or not any more, on the way
        reader.refuse(f"{len(names)} on all pages, {len(set(names))} different, of {total}", answer)


QUESTIONS: dict[str, Callable[[Reader], None]] = {
    "live": ask_live,
    "live again": ask_live,
    "older": ask_older,
    "tag": ask_tag,
    "pages": ask_pages,
}
