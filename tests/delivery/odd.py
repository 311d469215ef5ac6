"""A schema with what ours has not: unions, lists in lists, null where none may be, values that are errors.

Its types are Strawberry's, so that the reader of definitions is tried on what it does not know as well.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Any, NewType, Union

import strawberry
from graphql import GraphQLSchema
from strawberry.schema.config import StrawberryConfig

from content_api.delivery.delivery import Delivery
from content_api.delivery.live import Live
from content_api.delivery.plans import Plans
from content_api.graph.reader import Reader

Loud = NewType("Loud", str)
Short = NewType("Short", str)


@strawberry.enum
class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@strawberry.enum
class Size(Enum):
    SMALL = 1
    LARGE = 2


@strawberry.interface
class Named:
    name: str


@strawberry.interface
class Living(Named):
    lives: int = 1


@strawberry.type
class Cat(Living):
    lives: int = 9

    @strawberry.field
    def friend(self) -> Pet | None:
        return Dog(name="Rex")


@strawberry.type
class Dog(Named):
    size: Size = Size.LARGE


class Puppy(Dog):
    """No type of its own: the executor finds out that it is a dog."""


Pet = Annotated[Cat | Dog, strawberry.union("Pet")]
Found = Annotated[Union[Cat, Dog, "Box"], strawberry.union("Found")]


@strawberry.type
class Box:
    """Holds whatever it is given, whatever the schema says."""

    text: str | None = None
    must: str = ""
    number: int = 0
    share: float = 0.5
    yes: bool = True
    loud: Loud = Loud("a")
    colour: Colour = Colour.RED
    perhaps: Colour | None = None
    texts: list[str] = strawberry.field(default_factory=list)
    gaps: list[str | None] = strawberry.field(default_factory=list)
    maybe: list[str] | None = None
    boxes: list[Box] = strawberry.field(default_factory=list)
    holes: list[Box | None] = strawberry.field(default_factory=list)
    inner: Box | None = None
    sure: Box = None  # type: ignore[assignment]
    named: Named | None = None
    pet: Pet | None = None
    pets: list[Pet] = strawberry.field(default_factory=list)
    living: Living | None = None
    found: list[Found | None] = strawberry.field(default_factory=list)
    dog: Dog | None = None
    grid: list[list[int]] = strawberry.field(default_factory=list)
    query: str = "q"
    fragment: str = "f"
    on: str = "o"


@strawberry.input
class Wish:
    colour: Colour = Colour.BLUE
    words: list[str] | None = None
    more: Wish | None = None


@strawberry.type
class Query:
    box: Box

    @strawberry.field
    def wished(
        self,
        wish: Wish | None = None,
        times: int = 2,
        end: str = "!",
        note: str | None = "none",
        size: Size = Size.SMALL,
    ) -> str:
        return f"{wish} {times}{end} {note} {size}"

    @strawberry.field
    def needed(self, times: int, words: list[str]) -> str:
        return f"{times} {words}"

    @strawberry.field
    def cut(self, at: Short | None = None, id: strawberry.ID | None = None, text: str = "") -> str:
        return f"{at} {id} {text}"

    @strawberry.field
    def informed(self, info: strawberry.Info) -> str:
        return info.field_name

    @strawberry.field
    def rooted(root: Query) -> str:  # noqa: N805 - Strawberry gives it the object by this name
        return "root"

    @strawberry.field
    async def later(self) -> str:
        return "later"

    @strawberry.field
    def broken(self) -> str:
        raise ValueError("secret")


@strawberry.type
class Mutation:
    @strawberry.mutation
    def change(self) -> str:
        return "changed"


def loud(value: Any) -> str | None:
    return value.upper() or None


def short(value: Any) -> str:
    if len(value) > 1:
        raise ValueError("It is too long.")
    return str(value)


def build() -> GraphQLSchema:
    scalars: dict[object, Any] = {
        Loud: strawberry.scalar(name="Loud", serialize=loud, parse_value=str),
        Short: strawberry.scalar(name="Short", serialize=str, parse_value=short),
    }
    config = StrawberryConfig(scalar_map=scalars)
    return strawberry.Schema(query=Query, mutation=Mutation, config=config)._schema


SCHEMA = build()
READER = Reader(SCHEMA)


def delivery(box: object = None, reader: Any = READER) -> Delivery:
    """What answers from a box; by a plan from the first time on, with a reader."""
    made = Delivery(SCHEMA, lambda: Live("v1", Query(box=box)), reader=reader)  # type: ignore[arg-type]
    made.plans = Plans(reader, sights=1) if reader else None
    return made
