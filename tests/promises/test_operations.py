"""The stored documents that come with the project, the schema, the shipped content, and the page that lists them."""

from __future__ import annotations

import asyncio
import re
import tomllib
from dataclasses import replace
from typing import Any

import orjson
import pytest

from content_api.delivery.delivery import Delivery
from content_api.delivery.limits import Limits
from content_api.delivery.operation import Operation
from content_api.delivery.price import beyond
from content_api.delivery.stored import PACKAGED, SHIPPED, Stored, read_stored
from content_api.delivery.trial import tried
from tests.docs.sandbox import delivery_of
from tests.live import ROOT

STORED = {one.name: one for one in read_stored(SHIPPED)}
HOW_TO = ROOT / "docs/how-to/persist-documents.md"
# Those that show entities, and so what must be shown with them.
SHOWING = [one for one in STORED.values() if one.name not in ("Versions", "VersionPublished")]


@pytest.fixture(scope="module", name="shipped")
def _shipped() -> Delivery:
    return delivery_of(ROOT / "content")


def ask(shipped: Delivery, name: str, **variables: Any) -> dict[str, Any]:
    reply = asyncio.run(shipped.answer(Operation(STORED[name].text, variables)))
    assert reply.codes == ()
    return orjson.loads(reply.body)["data"]


def test_they_stand_in_schema_operations_and_are_packaged_where_an_installation_looks_for_them():
    assert SHIPPED == ROOT / "schema/operations"
    assert len(STORED) == 7
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert included == {"schema/operations": PACKAGED.relative_to(ROOT).as_posix()}


@pytest.mark.parametrize("one", STORED.values(), ids=STORED)
def test_each_is_answered_from_the_shipped_content_within_its_cost(one: Stored, shipped: Delivery):
    trial = asyncio.run(tried(shipped, one))
    assert trial.troubles == ()
    assert trial.lacking == ()
    assert 0 < (trial.cost or 0) <= Limits().cost // 5, "a page that costs more than a fifth has no room to grow"


@pytest.fixture(scope="module", name="vast")
def _vast(shipped: Delivery) -> Delivery:
    """The same content, priced as if there were 50,000 entities."""
    live = replace(shipped.live(), thousands=beyond(50_000))
    return shipped.beside(lambda: live, shipped.fetch)


@pytest.mark.parametrize("one", STORED.values(), ids=STORED)
def test_each_is_answered_among_many_entities_too(one: Stored, vast: Delivery):
    trial = asyncio.run(tried(vast, one))
    assert trial.troubles == ()
    assert 0 < (trial.cost or 0) <= Limits().cost // 3


@pytest.mark.parametrize("of", ["Int", "Int!"], ids=["an example is run", "it is priced alone"])
def test_so_is_a_list_that_is_filtered_by_name_and_by_two_relations_and_ordered(of: str, vast: Delivery):
    text = f"""query List($first: {of}) {{
      conditions(where: {{ name: {{ startsWith: "a" }},
        symptoms: {{ some: {{ symptom: {{ key: {{ eq: "a" }} }} }} }},
        treatments: {{ some: {{ treatment: {{ key: {{ in: ["b", "c"] }} }} }} }} }},
        orderBy: [{{ field: NAME }}], first: $first) {{ totalCount nodes {{ key name }} }} }}"""
    trial = asyncio.run(tried(vast, replace(STORED["ConditionList"], name="List", text=text, notes=())))
    assert trial.troubles == ()
    assert trial.cost == 1 + 20 * 4 + 500 + 2 * 1_775 + 475


@pytest.mark.parametrize("one", STORED.values(), ids=STORED)
def test_each_says_what_it_is_for_and_who_uses_it(one: Stored):
    assert one.clients
    assert set(one.clients) <= {"website", "app", "chatbot"}
    assert re.match(r"# [A-Z].*\.$", one.text.partition("\n#\n")[0], re.DOTALL)


@pytest.mark.parametrize("one", SHOWING, ids=lambda one: one.name)
def test_whatever_is_shown_comes_with_its_required_cautions(one: Stored, shipped: Delivery):
    """Wherever an answer has an entity with a summary or sections, its cautions are beside these."""
    for note in one.notes:
        if note.word == "variables":
            seen = list(entities(ask(shipped, one.name, **orjson.loads(note.value))))
            assert seen
            assert all("requiredCautions" in entity for entity in seen)


# What is named with a summary as part of a page, beside the page's own entity and its cautions.
NAMED_ONLY = ("Symptom",)


def entities(value: Any) -> Any:
    if isinstance(value, list):
        for item in value:
            yield from entities(item)
    elif isinstance(value, dict):
        if (
            value.get("__typename", "Caution") not in ("Caution", *NAMED_ONLY)
            and {"summary", "sections"} & value.keys()
        ):
            yield value
        for item in value.values():
            yield from entities(item)


def test_the_page_of_a_condition_has_what_a_page_needs(shipped: Delivery):
    data = ask(shipped, "ConditionPage", slug="neuropathic-pain")
    page = data["content"]["condition"]
    assert (page["key"], page["served"]["locale"]) == ("neuropathic-pain", "en")
    assert "Not checked by a clinician" in [caution["name"] for caution in page["requiredCautions"]]
    assert all(caution["action"]["text"] for caution in page["requiredCautions"])
    ketamine = next(one["treatment"] for one in page["treatments"] if one["treatment"]["slug"] == "ketamine-infusion")
    assert "CRITICAL" in [caution["severity"] for caution in ketamine["requiredCautions"]]
    assert page["sections"][0]["text"]["html"].startswith("<p>")
    assert data["site"]["disclaimer"]


def test_the_page_of_a_treatment_says_whose_claims_it_reports(shipped: Delivery):
    page = ask(shipped, "TreatmentPage", slug="ketamine-infusion")["content"]["treatment"]
    assert page["requiredCautions"][0]["severity"] == "CRITICAL"
    attributed = [section["attributedTo"] for section in page["sections"] if section["attributedTo"]]
    assert "PUBLISHER_SELLS_THE_TREATMENT" in [source["conflictOfInterest"] for source in attributed]


def test_the_list_goes_on_where_it_stopped(shipped: Delivery):
    first = ask(shipped, "ConditionList", first=2)["content"]["conditions"]
    rest = ask(shipped, "ConditionList", first=2, after=first["pageInfo"]["endCursor"])["content"]["conditions"]
    names = [node["name"] for node in (*first["nodes"], *rest["nodes"])]
    assert names == ["Neuropathic pain", "Peripheral neuropathy", "Phantom limb pain"]
    assert (first["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)


def test_a_search_finds_and_marks(shipped: Delivery):
    found = ask(shipped, "Search", text="phantom", kinds=["CONDITION"])["content"]["search"]
    assert found["edges"][0]["node"]["key"] == "phantom-limb-pain"
    assert "<mark>" in "".join(one["html"] for one in found["edges"][0]["highlights"])


def test_a_chatbot_gets_sentences_that_can_be_quoted(shipped: Delivery):
    answer = ask(shipped, "ChatbotAnswer", key="phantom-limb-pain")["content"]["condition"]
    assert [section["aspect"] for section in answer["sections"]] == ["OVERVIEW"]
    assert not answer["sections"][0]["text"]["isFallback"]
    assert answer["requiredCautions"]


def test_versions_are_told(shipped: Delivery):
    data = ask(shipped, "Versions")
    assert data["site"]["version"]
    assert data["versions"]["pageInfo"].keys() == {"hasNextPage", "endCursor"}


def test_the_page_lists_them_all():
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", HOW_TO.read_text("utf-8"), re.MULTILINE)
    assert {name: tuple(clients.split(", ")) for name, clients in rows} == {
        name: one.clients for name, one in STORED.items()
    }
