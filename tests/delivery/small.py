"""A schema as small as the tests of delivery can do with: things that hold things, and every way to fail."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass

from graphql import GraphQLSchema, build_schema

from content_api.delivery.delivery import Delivery
from content_api.delivery.limits import Limits
from content_api.delivery.live import Live
from content_api.delivery.operation import Operation, Reply
from content_api.errors import RequestError
from tests.waiting import at_once

SDL = """
type Query {
  name: String!
  thing(key: String): Thing
  things(first: Int, last: Int, after: String): Things!
  recent(first: Int = 3): [Thing!]!
  nodes(ids: [ID!]!): [Thing]!
  named: Named
  picky(size: Int! = 1): Int
  broken: String
  alsoBroken: String
  refused: String
  required: String!
}
type Subscription {
  said(times: Int! = 2): String!
  heard: Heard!
  unheard: String
  unlistenable: String
  silent: String
}
type Heard { text: String! others(first: Int): Things! broken: String }
type Mutation { rename(name: String!): String }
interface Named { name: String! }
type Things { nodes: [Thing!]! edges: [Edge!]! totalCount: Int! }
type Edge { cursor: String! node: Thing! }
type Thing implements Named {
  name: String!
  label(short: Boolean, tags: [String!]): String!
  same: Thing!
  parts: [Thing!]!
  others(first: Int, last: Int): Things!
}
"""


@dataclass(frozen=True)
class Thing:
    name: str = "stone"

    def label(self, info, short=False, tags=()):
        return "S" if short else "Stone"

    def same(self, info):
        return self

    def parts(self, info):
        return [self]

    def others(self, info, first=1, last=None):
        return Things()


class Things:
    nodes = (Thing(),)
    edges = ()
    totalCount = 1  # noqa: N815 - a name of the schema


class Root:
    name = "small"

    def thing(self, info, key=None):
        return Thing()

    def things(self, info, first=1, last=None, after=None):
        return Things()

    def recent(self, info, first):
        return [Thing()]

    def nodes(self, info, ids):
        return [Thing(name) for name in ids]

    def named(self, info):
        return object()  # graphql-core cannot tell its type

    def picky(self, info, size):
        return size

    def broken(self, info):
        raise ValueError("secret of /etc/passwd")

    def alsoBroken(self, info):
        raise KeyError("another secret")

    def refused(self, info):
        raise RequestError("BAD_USER_INPUT", "Not like this.", "Like that.")

    def required(self, info):
        raise RequestError("BAD_USER_INPUT", "Not like this.")


class Voice:
    """What subscriptions are answered from. `log` says what became of the one that is `silent`."""

    def __init__(self) -> None:
        self.log: list[str] = []

    async def said(self, info, times):
        for number in range(times):
            yield {"said": f"{number + 1}"}

    async def heard(self, info):
        yield {"heard": {"text": "one", "others": Things(), "broken": ValueError("secret of /etc/passwd")}}
        yield {"heard": {"text": "two", "others": Things()}}

    def unheard(self, info):
        raise RequestError("BAD_USER_INPUT", "Nobody may hear this.")

    async def unlistenable(self, info):
        yield {"unlistenable": "one"}
        raise ValueError("secret of /etc/passwd")

    def silent(self, info):
        self.log.append("listening")
        return self.silence()

    async def silence(self):
        try:
            await asyncio.Event().wait()
            yield {"silent": "never"}
        finally:
            self.log.append("gone")


def schema() -> GraphQLSchema:
    return build_schema(SDL)


def delivery(limits: Limits | None = None) -> Delivery:
    return Delivery(schema(), lambda: Live("v1", Root()), limits or Limits())


def ask(document: str, on: Delivery | None = None, **operation) -> Reply:
    return at_once((on or delivery()).answer(Operation(document, **operation)))


def body(reply: Reply) -> dict:
    return json.loads(reply.body)


def error(reply: Reply) -> dict:
    """The only error of a reply."""
    [only] = body(reply)["errors"]
    return only
