"""Asking the rules about entities: a few at a time, and no more than anybody will read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import TypeVar

from immutables import Map

from content_api.content.budget import Budget
from content_api.content.edition import Indexes, Library, Record
from content_api.content.findings import Finding, referrer, subject
from content_api.content.library_rules import LIBRARY_RULES
from content_api.content.problems import MOST_PROBLEMS
from content_api.content.rules import RULES_FOR_ALL, RULES_FOR_EACH, RULES_FOR_REFERENCES

T = TypeVar("T")

AT_A_TIME = 64


def findings_between(records: Sequence[Record], library: Library, budget: Budget) -> Iterator[tuple[str, Finding]]:
    """(name of the rule, finding) of every rule that looks at several things, a hundred of each at most."""
    for library_rule in budget.over(LIBRARY_RULES):
        for finding in islice(library_rule(library), MOST_PROBLEMS):
            yield library_rule.__name__, finding
    for whole_rule in budget.over(RULES_FOR_ALL):
        for finding in islice(whole_rule(records, library), MOST_PROBLEMS):
            yield whole_rule.__name__, finding
    yield from findings_of_each(RULES_FOR_REFERENCES, referrer, records, library, budget)


def findings_within(records: Sequence[Record], library: Library, budget: Budget) -> list[tuple[str, Finding]]:
    """What the rules find that look at what one entity says, whatever the others say.

    They are shown no others: an entity that did not change is not held to them again.
    """
    alone = replace(library, records=Map(), indexes=Indexes())
    return list(findings_of_each(RULES_FOR_EACH, subject, records, alone, budget))


def findings_of_each(
    rules: Sequence[Callable[[Sequence[T], Library], Iterator[Finding]]],
    prepared: Callable[[Record], T],
    records: Sequence[Record],
    library: Library,
    budget: Budget,
) -> Iterator[tuple[str, Finding]]:
    """What rules find that look at each record by itself.

    They are asked about a few records at a time, while those are in the processor's cache: to walk through 50,000
    entities once for each rule takes half as long again.
    """
    told: Counter[str] = Counter()
    for start in budget.over(range(0, len(records), AT_A_TIME)):
        few = [prepared(record) for record in records[start : start + AT_A_TIME]]
        for rule in rules:
            for finding in islice(rule(few, library), MOST_PROBLEMS - told[rule.__name__]):
                told[rule.__name__] += 1
                yield rule.__name__, finding
