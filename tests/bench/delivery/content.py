"""The content that all servers serve, and our answers from it, which the others' are held to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from graphql import ExecutionResult, execute, parse

from content_api.answers import live_in, schema
from content_api.content.edition import Edition
from content_api.content.fields import EntityKind
from content_api.content.load import load
from content_api.delivery.delivery import Delivery
from content_api.delivery.operation import Operation
from content_api.graph.query import root
from content_api.publish.current import Current
from content_api.store import open_repository
from tests.bench.delivery.queries import BACK, DETAIL, Places
from tests.generator import generate
from tests.repositories import Repository
from tests.waiting import at_once

COMMON = "id key slug name summary state availableLocales"
CAUTIONS = "requiredCautions { key }"
# What another server needs of each kind to answer the questions, with references as keys.
FIELDS = {
    "conditions": f"""{COMMON} kind {CAUTIONS}
      alternateNames {{ name relation }}
      sections {{ key aspect heading text {{ html plain isFallback }} }}
      codings {{ system systemVersion code display match }}
      citations {{ role supports source {{ key title publisher url }} }}
      review {{ status lastReviewedOn isOverdue }}
      symptoms {{ frequency symptom {{ key }} }}
      causes {{ certainty cause {{ key }} }}
      treatments {{ line treatment {{ key }} }}
      relatedConditions {{ relation condition {{ key }} }}
      served {{ locale version }}""",
    "symptoms": f"{COMMON} {CAUTIONS} conditions {{ frequency condition {{ key }} }}",
    "causes": f"{COMMON} {CAUTIONS} conditions {{ certainty condition {{ key }} }}",
    "treatments": f"{COMMON} {CAUTIONS} conditions {{ line condition {{ key }} }}",
    "cautions": f"{COMMON} {CAUTIONS} severity action {{ text }}",
}
LARGEST_PAGE = 100


@dataclass(frozen=True)
class Content:
    """Generated content in a repository of its own, and as an edition in this process."""

    repository: Path
    edition: Edition

    @cached_property
    def places(self) -> Places:
        """Where to look. A page of one entity is measured on the one whose answer has the middling length."""
        conditions = self.keys(EntityKind.CONDITION)
        return Places(self.middling(DETAIL, conditions), self.middling(BACK, self.keys(EntityKind.SYMPTOM)), conditions)

    def keys(self, kind: EntityKind) -> list[str]:
        """The keys, and slugs, of a kind: generated content has no others."""
        return [key.partition("/")[2] for key in self.edition.library.indexes.kinds[kind]]

    def middling(self, document: str, slugs: list[str]) -> str:
        return sorted(slugs, key=lambda slug: (len(self.answer(document % slug)), slug))[len(slugs) // 2]

    @cached_property
    def delivery(self) -> Delivery:
        return Delivery(schema(), live_in(Current(self.edition)))

    def answer(self, document: str, variables: Mapping[str, Any] | None = None) -> bytes:
        """Our answer, without a server. Raises RuntimeError for one with errors."""
        reply = at_once(self.delivery.answer(Operation(document, variables or {})))
        if reply.codes:
            raise RuntimeError(f"A question of the benchmark is refused: {reply.body.decode()}")
        return reply.body

    def exported(self) -> dict[str, Any]:
        """The entities of each kind in their usual order, as JSON has them."""
        return {kind: self.all_of(kind, fields) for kind, fields in FIELDS.items()}

    def all_of(self, kind: str, fields: str) -> list[dict[str, Any]]:
        document = parse(
            f"query ($after: String) {{ found: {kind}(first: {LARGEST_PAGE}, after: $after) "
            f"{{ pageInfo {{ hasNextPage endCursor }} nodes {{ {fields} }} }} }}"
        )
        nodes: list[dict[str, Any]] = []
        after = None
        while True:
            # Without the pipeline, which would refuse a page with everything as too dear.
            result = execute(schema(), document, root(self.edition), variable_values={"after": after})
            if not isinstance(result, ExecutionResult) or result.errors or result.data is None:
                raise RuntimeError(f"The content cannot be exported: {result}")
            page = result.data["found"]
            nodes += page["nodes"]
            if not page["pageInfo"]["hasNextPage"]:
                return nodes
            after = page["pageInfo"]["endCursor"]


@contextmanager
def prepared(folder: Path, entities: int) -> Iterator[Content]:
    """Content of so many entities, a fifth of them conditions."""
    repository = Repository(folder / "content.git", bare=True)
    commit = repository.commit({f"content/{path}": data for path, data in generate(entities).items()})
    with open_repository(repository.path, folder="content") as opened:
        yield Content(repository.path, load(opened.snapshot(commit)))
