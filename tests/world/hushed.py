"""The small world with things in it that nobody may read: drafts of every kind, and what a branch changes."""

from __future__ import annotations

from typing import Any

from tests import world

MARK = "zyzzlicht"
"""In every text that nobody may read, and in no question."""
KINDS = {
    "condition": "conditions/moon-hiccups.json",
    "symptom": "symptoms/left-ear-glow.json",
    "cause": "causes/old-moonlight.json",
    "treatment": "treatments/quiet-tea.json",
    "caution": "cautions/all-made-up.json",
}
HUSHED = {kind: f"{kind}/hushed-{kind}" for kind in KINDS}
"""The drafts' keys."""
TRANSLATED = "hushed-sterne"
"""The slug of the draft translation."""


def marked(value: Any) -> Any:
    """A document whose texts all hold the mark: what has a blank is text, and nothing else is."""
    if isinstance(value, dict):
        return {name: marked(part) for name, part in value.items() if name != "de"}
    if isinstance(value, list):
        return [marked(part) for part in value]
    return f"Softly {MARK} said." if isinstance(value, str) and " " in value else value


def draft_of(kind: str, path: str) -> tuple[str, Any]:
    document = marked(world.document(path))
    name = f"hushed-{kind}"
    english = document["text"]["en"] | {"slug": name, "name": f"Hushed {MARK} {kind}"}
    document |= {"id": name, "state": "DRAFT", "text": {"en": english}, "requiredCautions": []}
    if "appliesTo" in document:
        document["appliesTo"] = []
    return f"{kind}s/{name}.json", document


def hushed_files() -> dict[str, bytes]:
    """The world with drafts of every kind, redirects to them, and a draft translation that holds the mark."""
    documents = dict(draft_of(kind, path) for kind, path in KINDS.items())
    redirects, star = world.document("redirects.json"), world.document("conditions/star-sneezes.json")
    redirects["redirects"] += [{"from": f"{kind}/once-{kind}", "to": key} for kind, key in HUSHED.items()]
    star["text"]["de"] = marked(star["text"]["de"]) | {"name": f"Sternen{MARK}", "slug": TRANSLATED}
    documents |= {"redirects.json": redirects, "conditions/star-sneezes.json": star}
    return world.files() | {path: world.as_bytes(document) for path, document in documents.items()}


def branch_files() -> dict[str, bytes]:
    """What the branch changes: a published entity, and one more that is published there alone."""
    moon = world.document("conditions/moon-hiccups.json")
    moon["text"]["en"]["name"] = f"Hushed {MARK} hiccups"
    path, new = draft_of("symptom", KINDS["symptom"])
    new["id"] = new["text"]["en"]["slug"] = "hushed-new"
    new["state"] = "PUBLISHED"
    found = {"conditions/moon-hiccups.json": moon, path.replace("hushed-symptom", "hushed-new"): new}
    return {path: world.as_bytes(document) for path, document in found.items()}
