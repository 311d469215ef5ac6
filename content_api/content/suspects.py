"""Which entities may break a rule together, found by walking the indexes: to look at each of 50,000 takes longer.

What is found here is only a reason to ask the rules (rules.py), which know more: every entity that breaks one is here,
and a few that do not are too. A property test holds the two to each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from content_api.content.edition import Index, Library, Places
from content_api.content.fields import State


def suspects(library: Library, come: Places) -> set[str]:
    """Keys of all entities that may break a rule between entities. `come` tells where those made anew are found."""
    _, referrers, _, _ = come
    found = set(naming_twice(referrers))
    found.update(leading_astray(library))
    found.update(disagreeing(library.indexes.referrers))
    found.update(related(library.indexes.referrers))
    for keys in library.indexes.slugs.values():
        if len(keys) > 1:
            found.update(keys)
    return {key for key in found if key in library.records}


def naming_twice(referrers: Mapping[Any, list[str]]) -> Iterator[str]:
    """Those that name one thing twice at one field."""
    for keys in referrers.values():
        if len(keys) > 1 and len(set(keys)) < len(keys):
            yield from keys


def leading_astray(library: Library) -> Iterator[str]:
    """Those that refer to themselves, to nothing, or to what is not published."""
    records, published = library.records, State.PUBLISHED
    hidden = {key for key, record in records.items() if record.entity.state is not published}
    for (target, _), keys in library.indexes.referrers.items():
        if target not in records or target in hidden:
            yield from keys
        elif target in keys:
            yield target


def disagreeing(referrers: Index) -> Iterator[str]:
    """Those that require a caution which does not apply to them, and the other way round."""
    mutual = applying = 0
    for (target, relation), keys in referrers.items():
        if relation == "applies_to":
            applying += len(keys)
        elif relation == "required_cautions":
            for key in keys:
                if target in referrers.get((key, "applies_to"), ()):
                    mutual += 1
                else:
                    yield key
    # Counted and not looked up: half of all entities may require one caution, and to look for each among them is slow.
    if mutual != applying:
        for (target, relation), keys in referrers.items():
            if relation == "applies_to":
                yield from (target, *keys)


def related(referrers: Index) -> Iterator[str]:
    """Those that may be on a circle: of groups, with something below and above; of conditions, with a word to say."""
    for (_, relation), keys in referrers.items():
        if relation == "related_conditions":
            yield from keys
        elif relation == "part_of":
            yield from (key for key in keys if (key, relation) in referrers)
