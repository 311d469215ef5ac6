"""The questions that are compared: those of a site's pages, small and large, repeated and never the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from tests.bench.delivery.load import NUMBER, Request

PAGE = """
    id key slug name summary kind state availableLocales
    alternateNames { name relation }
    sections { key aspect heading text { html plain isFallback } }
    codings { system systemVersion code display match }
    citations { role supports source { title publisher url } }
    review { status lastReviewedOn isOverdue }
    requiredCautions { key name severity action { text } }
    symptoms { frequency symptom { slug name } }
    causes { certainty cause { slug name } }
    treatments { line treatment { slug name requiredCautions { name severity } } }
    relatedConditions { relation condition { slug name } }
    served { locale version }
"""
DETAIL = f'query ConditionPage {{ condition(slug: "%s") {{ {PAGE} }} }}'
BY_VARIABLE = f"query ConditionPage($slug: String!) {{ condition(slug: $slug) {{ {PAGE} }} }}"
LIST = """
query Conditions { conditions(first: 20) {
  totalCount pageInfo { hasNextPage endCursor } nodes { key slug name summary }
} }
"""
BACK = """
query SymptomPage { symptom(slug: "%s") { key slug name conditions { frequency condition { key slug name
  treatments { line treatment { key slug name conditions { line condition { key slug name } } } }
} } } }
"""
NAME = 'query ConditionName { condition(slug: "%s") { name } }'
# What is another name, or has one, each time that Q5 is asked.
RENAMED = {
    "ConditionPage": f"ConditionPage{NUMBER}",
    "{ condition(": f"{{ page{NUMBER}: condition(",
    "name summary": f"title{NUMBER}: name lead{NUMBER}: summary",
    "{ slug name }": f"{{ slug name{NUMBER}: name }}",
}
FILTER = """
query Conditions { conditions(
  where: { kind: { eq: SYNDROME }, name: { contains: "numb" } }, orderBy: [{ field: NAME, direction: DESC }], first: 20
) { totalCount nodes { key slug name kind } } }
"""


@dataclass(frozen=True, slots=True)
class Places:
    """Where in the content the questions look: the condition and the symptom of the middling answers, and all."""

    condition: str
    symptom: str
    conditions: Sequence[str]


@dataclass(frozen=True, slots=True)
class Query:
    """One question: its requests in turn, each as (document, variables). `repeats` is False for one that is new each
    time, so that nobody can have its answer ready; `conditional` for one whose client has the answer already."""

    about: str
    operations: Callable[[Places], list[tuple[str, dict[str, str]]]]
    repeats: bool = True
    conditional: bool = False


QUERIES = {
    "Q1": Query("a page of one condition", lambda places: [(DETAIL % places.condition, {})]),
    "Q2": Query("a list of 20", lambda places: [(LIST, {})]),
    "Q3": Query("three levels deep, through back references", lambda places: [(BACK % places.symptom, {})]),
    "Q4": Query("one field", lambda places: [(NAME % places.condition, {})]),
    "Q5": Query(
        "Q1 with another condition, other names and aliases each time",
        lambda places: [(renamed(DETAIL % slug), {}) for slug in places.conditions],
        repeats=False,
    ),
    "Q6": Query("a filter, ordered", lambda places: [(FILTER, {})]),
    "Q7": Query(
        "Q1 with the condition as a variable, all in turn",
        lambda places: [(BY_VARIABLE, {"slug": slug}) for slug in places.conditions],
    ),
    "304": Query(
        "Q1 by GET, for a client that has the answer",
        lambda places: [(DETAIL % places.condition, {})],
        conditional=True,
    ),
}


def renamed(document: str) -> str:
    for name, other in RENAMED.items():
        document = document.replace(name, other)
    return document


def posted(document: str, variables: dict[str, str] | None = None) -> Request:
    body = {"query": document} | ({"variables": variables} if variables else {})
    return Request("POST", "/graphql", {"Content-Type": "application/json"}, json.dumps(body).encode())


def got(**parameters: str) -> Request:
    return Request("GET", f"/graphql?{urlencode(parameters)}", {"Accept": "application/json"})
