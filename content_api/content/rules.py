"""The rules across entities, in the order in which docs/reference/rules.md explains them. Text has its own: wording.py.

A rule looks at the records it is given in the light of the whole library. For a new version those are the records that
changed and the ones that refer to them, so every rule must be able to see a breach from either of its two ends.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

from content_api.content.claims import claims_have_evidence
from content_api.content.edition import Library, Record
from content_api.content.fields import (
    EntityKind,
    ReviewStatus,
    State,
)
from content_api.content.findings import Finding, Referrer, Rule, RuleForAll, RuleForReferences, Subject
from content_api.content.models import Caution, Condition, ConditionRelation, Symptom
from content_api.content.relations import Reference, references
from content_api.content.suggest import suggestion
from content_api.content.wording import WORDING_RULES

# The records directly above one, with the pointer that says so.
Above: TypeAlias = Callable[[Record, Library], Iterator[tuple[str, str]]]


def references_resolve(referrers: Sequence[Referrer], library: Library) -> Iterator[Finding]:
    """Every reference leads to an entity of the right kind, and never to the entity itself."""
    records = library.records
    for record, targets in referrers:
        if any([target == record.key or target not in records for target, _ in targets]):
            yield from unresolved_references(record, library)


def unresolved_references(record: Record, library: Library) -> Iterator[Finding]:
    for reference in references(record.kind, record.entity):
        if reference.target == record.key:
            yield Finding(record.path, reference.pointer, f"`{record.key}` refers to itself", "Expected another entity")
        elif not is_there(reference.target, library):
            yield unresolved(record, reference, library)


def is_there(key: str, library: Library) -> bool:
    """Whether a reference leads to something: an entity, one that is recalled, or one with problems of its own."""
    if key in library.records or key in library.recalls or key in library.unread:
        return True
    return "recalls/" in library.unread  # the file that may name it could not be read


def unresolved(record: Record, reference: Reference, library: Library) -> Finding:
    """A reference to nothing: perhaps to the wrong kind, perhaps misspelt."""
    wanted, _, name = reference.target.partition("/")
    elsewhere = [f"{kind}/{name}" for kind in EntityKind if f"{kind}/{name}" in library.records]
    if elsewhere and reference.kind is not None:
        found = f"`{name}` is a {elsewhere[0].partition('/')[0]}"
        return Finding(record.path, reference.pointer, found, f"Expected the id of a {wanted}")
    known = library.indexes.kinds.get(wanted, ())
    names = [key.partition("/")[2] for key in known] if reference.kind else library.records
    return Finding(
        record.path,
        reference.pointer,
        f"There is no {wanted} `{name}`",
        f"Expected the id of a {wanted}" if reference.kind else "Expected `kind/id` of an entity",
        suggestion(name if reference.kind else reference.target, names),
    )


def published_refers_to_published(referrers: Sequence[Referrer], library: Library) -> Iterator[Finding]:
    """What everybody can see leads only to what everybody can see.

    `appliesTo` is left out: it is the other half of a reference, and that half may still be a draft.
    """
    published, records = State.PUBLISHED, library.records
    for record, targets in referrers:
        if record.entity.state is published:
            for target, _ in targets:
                if target in records and records[target].entity.state is not published:
                    yield from unpublished_references(record, library)
                    break


def unpublished_references(record: Record, library: Library) -> Iterator[Finding]:
    for reference in references(record.kind, record.entity):
        target = library.entity(reference.target)
        if target and target.state is not State.PUBLISHED and reference.relation != "applies_to":
            yield Finding(
                record.path,
                reference.pointer,
                f"`{reference.target}` is {target.state}, but `{record.key}` is published",
                f"Publish `{reference.target}` too, or take the reference out",
            )


def required_cautions_agree(referrers: Sequence[Referrer], library: Library) -> Iterator[Finding]:
    """`requiredCautions` and `appliesTo` say the same, so that deleting a caution can never silently drop a warning."""
    back = library.indexes.referrers
    for record, targets in referrers:
        requires = {target for target, relation in targets if relation == "required_cautions"}
        if requires != set(back.get((record.key, "applies_to"), ())):
            yield from not_applied(record, library)
        if isinstance(record.entity, Caution):
            applies_to = set(record.entity.applies_to)
            if applies_to != set(back.get((record.key, "required_cautions"), ())):
                yield from not_required(record, record.entity, library)


def not_applied(record: Record, library: Library) -> Iterator[Finding]:
    """Cautions that an entity requires and that do not apply to it."""
    for index, name in enumerate(record.entity.required_cautions):
        caution = library.entity(f"caution/{name}")
        withdrawn = record.entity.state is State.WITHDRAWN
        if isinstance(caution, Caution) and record.key not in caution.applies_to and not withdrawn:
            yield Finding(
                record.path,
                f"/requiredCautions/{index}",
                f"`caution/{name}` does not name `{record.key}` in its `appliesTo`",
                "Both must name each other: add it there, or take it out here",
            )


def not_required(record: Record, caution: Caution, library: Library) -> Iterator[Finding]:
    """Entities that a caution applies to and that do not require it."""
    for index, key in enumerate(caution.applies_to):
        entity = library.entity(key)
        withdrawn = State.WITHDRAWN in (caution.state, entity.state if entity else None)
        if entity and caution.id not in entity.required_cautions and not withdrawn:
            yield Finding(
                record.path,
                f"/appliesTo/{index}",
                f"`{key}` does not name `{caution.id}` in its `requiredCautions`",
                "Both must name each other: add it there, or take it out here",
            )


def must_display_has_every_channel(subjects: Sequence[Subject], library: Library) -> Iterator[Finding]:
    """A caution that may never be left out has text of its own for every channel."""
    for record in subjects:
        if not (isinstance(record.entity, Caution) and record.entity.must_display):
            continue
        for locale, text in record.entity.text.items():
            for channel in library.site.channels:
                if not any(getattr(section.channels, channel.value) for section in text.sections):
                    yield Finding(
                        record.path,
                        f"/text/{locale}/sections",
                        f"`mustDisplay` is true, but there is no text for the channel `{channel.value}`",
                        f"Write a section with text for `{channel.value}`",
                    )


def no_cycles(records: Sequence[Record], library: Library) -> Iterator[Finding]:
    """Nothing is part of itself, or broader than itself, however long the way round."""
    for kind, above in ((EntityKind.SYMPTOM, symptom_above), (EntityKind.CONDITION, conditions_above)):
        starts = [record.key for record in records if record.kind is kind]
        if next(cycles(starts, above, library), None):
            # Where a circle closes depends on where the walk begins: begin with the first of all, for one answer.
            yield from cycles(library.indexes.kinds[kind], above, library)


def symptom_above(record: Record, library: Library) -> Iterator[tuple[str, str]]:
    """(key, pointer) of the group a symptom is part of."""
    if isinstance(record.entity, Symptom) and record.entity.part_of:
        yield f"symptom/{record.entity.part_of}", "/partOf"


def conditions_above(record: Record, library: Library) -> Iterator[tuple[str, str]]:
    """(key, pointer) of the conditions broader than one, whichever of the two says so."""
    if isinstance(record.entity, Condition):
        for index, related in enumerate(record.entity.related_conditions):
            if related.relation is ConditionRelation.BROADER:
                yield f"condition/{related.condition}", f"/relatedConditions/{index}"
        for key in library.indexes.referrers.get((record.key, "related_conditions"), ()):
            other = library.entity(key)
            if isinstance(other, Condition) and any(
                related.condition == record.entity.id and related.relation is ConditionRelation.NARROWER
                for related in other.related_conditions
            ):
                yield key, "/relatedConditions"


def cycles(starts: Iterable[str], above: Above, library: Library) -> Iterator[Finding]:
    """Cycles on the way up from some keys, found by an iterative walk that goes nowhere twice."""
    path: dict[str, None] = {}  # as a list that knows at once what it holds: groups may be nested deeply
    done: set[str] = set()
    stack = [(key, False) for key in reversed(list(starts))]
    while stack:
        key, left = stack.pop()
        if left:
            path.popitem()
            done.add(key)
        elif key in path:
            yield closing(key, list(path), above, library)
        elif key not in done and key in library.records:
            path[key] = None
            stack.append((key, True))
            stack.extend((upper, False) for upper, _ in above(library.records[key], library))


def closing(key: str, path: list[str], above: Above, library: Library) -> Finding:
    """The circle that the last step of a path closes when it leads to `key`, which the path came through."""
    last = library.records[path[-1]]
    names = " -> ".join([*path[path.index(key) :], key])
    pointer = next((p for k, p in above(last, library) if k == key), "")
    return Finding(last.path, pointer, f"This closes a circle: {names}", "Break the circle")


def relations_agree(referrers: Sequence[Referrer], library: Library) -> Iterator[Finding]:
    """Two conditions that name each other do not contradict each other. Both broader, or both narrower, is a circle."""
    for record, _ in referrers:
        for index, related in enumerate(
            record.entity.related_conditions if isinstance(record.entity, Condition) else ()
        ):
            other = library.entity(f"condition/{related.condition}")
            named = other.related_conditions if isinstance(other, Condition) else ()
            back = next((back.relation for back in named if back.condition == record.entity.id), related.relation)
            if back is not related.relation and ConditionRelation.OVERLAPS in (back, related.relation):
                yield Finding(
                    record.path,
                    f"/relatedConditions/{index}/relation",
                    f"`{related.condition}` is {related.relation} here, and in its own file this one is {back}",
                    "Expected OVERLAPS in both, or BROADER in one and NARROWER in the other",
                )


def slugs_unique(referrers: Sequence[Referrer], library: Library) -> Iterator[Finding]:
    """A slug names one entity of its kind in a locale."""
    for record, _ in referrers:
        for locale, text in record.entity.text.items():
            keys = library.indexes.slugs[record.kind, locale, text.slug]
            if len(keys) > 1:
                other = next(library.records[key].path for key in keys if key != record.key)
                yield Finding(
                    record.path,
                    f"/text/{locale}/slug",
                    f"The slug `{text.slug}` is also that of {other}",
                    f"A slug must be unique among {record.kind.folder} in a locale",
                )


def keys_unique(subjects: Sequence[Subject], library: Library) -> Iterator[Finding]:
    """A key names one section or item of its entity, so that a citation or translator can point at it."""
    for record in subjects:
        taken = [item.value.key for item in record.items]
        for locale, text in record.entity.text.items():
            found = [*taken, *[section.key for section in text.sections]]
            keys = Counter(found) if len(set(found)) < len(found) else {}
            for key in [key for key, times in keys.items() if times > 1]:
                yield Finding(
                    record.path,
                    pointer_of_key(record, locale, key),
                    f"The key `{key}` stands {keys[key]} times in `{record.key}`",
                    "Sections and items of one entity have different keys",
                )


def pointer_of_key(record: Subject, locale: str, key: str) -> str:
    """Where the last section or item with a key is."""
    pointers = [f"{item.pointer}/key" for item in record.items if item.value.key == key]
    sections = record.entity.text[locale].sections
    pointers += [f"/text/{locale}/sections/{i}/key" for i, section in enumerate(sections) if section.key == key]
    return pointers[-1]


def lists_name_things_once(referrers: Sequence[Referrer], library: Library) -> Iterator[Finding]:
    """A list of references names each entity once."""
    for record, targets in referrers:
        if len(set(targets)) < len(targets):
            yield from named_again(record)


def named_again(record: Record) -> Iterator[Finding]:
    seen: set[tuple[str, str]] = set()
    for reference in references(record.kind, record.entity):
        place = (reference.relation, reference.target)
        if place in seen and reference.relation not in ("links", "examples"):
            yield Finding(
                record.path, reference.pointer, f"`{reference.target}` stands here twice", "Keep one of the two"
            )
        seen.add(place)


def sources_exist(subjects: Sequence[Subject], library: Library) -> Iterator[Finding]:
    """Citations and attributions name sources that are there, and keys that are there."""
    for record in subjects:
        for pointer, source in sources_named(record):
            if source not in library.sources and f"source/{source}" not in library.unread:
                yield Finding(
                    record.path,
                    pointer,
                    f"There is no source `{source}`",
                    "Expected the id of a file in sources/",
                    suggestion(source, library.sources),
                )
        keys = keys_of(record)
        for index, citation in enumerate(record.entity.citations):
            for at, key in enumerate(citation.supports):
                if key not in keys:
                    yield Finding(
                        record.path,
                        f"/citations/{index}/supports/{at}",
                        f"`{record.key}` has no section or item with the key `{key}`",
                        "Expected the key of a section or item",
                        suggestion(key, keys),
                    )


def keys_of(record: Subject) -> set[str]:
    """Keys of an entity's sections and items."""
    keys = {item.value.key for item in record.items}
    for text in record.entity.text.values():
        keys.update([section.key for section in text.sections])
    return keys


def sources_named(record: Subject) -> Iterator[tuple[str, str]]:
    """(pointer, source id) of every source that an entity names."""
    for index, citation in enumerate(record.entity.citations):
        yield f"/citations/{index}/source", citation.source
    for locale, text in record.entity.text.items():
        for index, section in enumerate(text.sections):
            if section.attributed_to:
                yield f"/text/{locale}/sections/{index}/attributedTo", section.attributed_to
    for item in record.items:
        for field, pointer in (("attributed_to", "attributedTo"), ("citation", "citation")):
            source = getattr(item.value, field, None)
            if source:
                yield f"{item.pointer}/{pointer}", source


def review_is_whole(subjects: Sequence[Subject], library: Library) -> Iterator[Finding]:
    """A clinical review has a reviewer and both dates, in order; without a review there is none of them."""
    for record in subjects:
        review = record.entity.review
        dates = (review.last_reviewed_on, review.next_review_due_on)
        if review.status is ReviewStatus.NOT_CLINICALLY_REVIEWED:
            if any(dates) or review.reviewers:
                yield Finding(
                    record.path,
                    "/review",
                    "The status is NOT_CLINICALLY_REVIEWED, but there is a date or a reviewer",
                    "Both dates must be null and `reviewers` empty",
                )
        elif not (all(dates) and review.reviewers):
            yield Finding(
                record.path,
                "/review",
                "The status is CLINICALLY_REVIEWED, but a date or the reviewer is missing",
                "Give at least one reviewer and both dates, or NOT_CLINICALLY_REVIEWED",
            )
        elif dates[0] and dates[1] and dates[1] <= dates[0]:
            yield Finding(
                record.path,
                "/review/nextReviewDueOn",
                f"The next review is due on {dates[1]}, not after the last one on {dates[0]}",
                "It must be later",
            )
        for index, name in enumerate(review.reviewers):
            if name not in library.people and f"person/{name}" not in library.unread:
                yield Finding(
                    record.path,
                    f"/review/reviewers/{index}",
                    f"There is no person `{name}`",
                    "Expected the id of a file in people/",
                    suggestion(name, library.people),
                )


def withdrawn_says_why(subjects: Sequence[Subject], library: Library) -> Iterator[Finding]:
    """A withdrawn entity says why; no other has a reason to."""
    for record in subjects:
        withdrawn = record.entity.state is State.WITHDRAWN
        if withdrawn != (record.entity.withdrawn_reason is not None):
            found = "is WITHDRAWN without a reason" if withdrawn else "has a `withdrawnReason`, but is not WITHDRAWN"
            expected = "Say why in `withdrawnReason`" if withdrawn else "Take `withdrawnReason` out, or withdraw it"
            yield Finding(record.path, "/state", f"`{record.key}` {found}", expected)


# What one entity says, in the light of nothing but the site, the sources and the people.
RULES_FOR_EACH: tuple[Rule, ...] = (
    must_display_has_every_channel,
    keys_unique,
    sources_exist,
    claims_have_evidence,
    *WORDING_RULES,
    review_is_whole,
    withdrawn_says_why,
)
# What one entity refers to, in the light of all others.
RULES_FOR_REFERENCES: tuple[RuleForReferences, ...] = (
    references_resolve,
    published_refers_to_published,
    required_cautions_agree,
    relations_agree,
    slugs_unique,
    lists_name_things_once,
)
# All entities together.
RULES_FOR_ALL: tuple[RuleForAll, ...] = (no_cycles,)
RULES = (*RULES_FOR_EACH, *RULES_FOR_REFERENCES, *RULES_FOR_ALL)
