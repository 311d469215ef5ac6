"""The least content that can be served: one condition in one locale, with its source. For what is done often."""

from __future__ import annotations

from typing import Any

from tests import world

CONDITION = "conditions/star-sneezes.json"
_EMPTY = ("symptoms", "causes", "treatments", "relatedConditions", "codings", "requiredCautions")


def files() -> dict[str, bytes]:
    """As `world.files` gives them."""
    site = world.document("site.json")
    english = {name: {"en": site[name]["en"]} for name in ("attribution", "disclaimer", "locales")}
    source = "sources/test-clinic-page.json"
    return {"site.json": world.as_bytes(site | english), source: world.files()[source]} | condition("Star sneezes")


def condition(name: str, state: str = "PUBLISHED") -> dict[str, bytes]:
    """The one condition's file, under a name."""
    document: dict[str, Any] = world.document(CONDITION)
    english = document["text"]["en"] | {"name": name}
    document |= {"state": state, "text": {"en": english}, **{field: [] for field in _EMPTY}}
    return {CONDITION: world.as_bytes(document)}
