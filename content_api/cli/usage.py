"""`content-api usage`."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import orjson
import typer
from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, is_introspection_type
from prometheus_client.parser import text_string_to_metric_families

from content_api.answers import schema
from content_api.cli.asking import address_of, fetch, stranger
from content_api.cli.options import Timeout, Url
from content_api.cli.status import Format, moment
from content_api.content.report import harmless, plural
from content_api.content.suggest import suggestion
from content_api.errors import SettingError
from content_api.observe.metrics import FieldRequests
from content_api.settings import read_settings

SAMPLE = f"{FieldRequests(dict).name}_total"
STARTED = "content_api_started_timestamp_seconds"

Uses = Mapping[str, Mapping[str, int]]
"""Field -> client -> in how many requests."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a server has counted, and since when."""

    uses: Uses
    since: datetime


Field = Annotated[
    str | None,
    typer.Argument(
        metavar="FIELD",
        help="A field of the schema, such as Condition.summary; all if not given.",
        show_default=False,
    ),
]


def usage(
    field: Field = None,
    unused: Annotated[
        bool, typer.Option("--unused", help="The fields that nobody asked for, in place of the others.")
    ] = False,
    url: Url = None,
    format: Annotated[Format, typer.Option(help="text for people, json for programs.")] = Format.TEXT,
    timeout: Timeout = 5,
) -> None:
    """Ask a running server which clients asked for which fields since it began.

    Clients are told apart by what they send in `GraphQL-Client-Name`. With a FIELD, the exit code is 0 when nobody
    asked for it and 1 when somebody did.

    Examples:

        content-api usage
        content-api usage Condition.summary
        content-api usage --unused --url https://content.example.org
    """
    known = fields_of(schema())
    if field is not None and field not in known:
        raise SettingError(f"The schema has no field {field!r:.100}. {suggestion(field, known) or ''}".strip())
    told = ask(address_of(read_settings()) if url is None else url, timeout)
    wanted = known if field is None else [field]
    uses = {name: told.uses.get(name, {}) for name in wanted if unused != bool(told.uses.get(name)) or field}
    none = "Every field was asked for." if unused else "Nobody asked for any field."
    text = as_text(clients(field, uses[field]) if field else table(uses, none), told.since)
    typer.echo(as_json(uses, told.since) if format is Format.JSON else text)
    raise typer.Exit(1 if field and uses[field] else 0)


def fields_of(schema: GraphQLSchema) -> list[str]:
    """All fields that can be asked for, as `Type.field`."""
    kinds = [
        kind
        for kind in schema.type_map.values()
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) and not is_introspection_type(kind)
    ]
    return sorted(f"{kind.name}.{name}" for kind in kinds for name in kind.fields)


def ask(url: str, timeout: float) -> Told:
    """What `/metrics` tells of fields. Raises NoAnswer for no answer, and for one of something else."""
    answer, body = fetch(url, "/metrics", "text/plain", timeout)
    uses: defaultdict[str, Counter[str]] = defaultdict(Counter)
    since = None
    try:
        for family in text_string_to_metric_families(body.decode()):
            for sample in family.samples:
                if sample.name == SAMPLE:
                    uses[sample.labels["field"]][sample.labels["client"]] += int(sample.value)
                elif sample.name == STARTED:
                    since = datetime.fromtimestamp(sample.value, UTC)
    except (ValueError, KeyError):
        raise stranger(url, answer) from None
    if since is None:
        raise stranger(url, answer)
    return Told(uses, since)


def as_json(uses: Uses, since: datetime) -> str:
    return orjson.dumps({"since": since, "fields": uses}, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z).decode()


def as_text(lines: Iterable[str], since: datetime) -> str:
    return harmless("\n".join((*lines, "", f"Counted since {moment(since)}, when the server began.")))


def clients(field: str, numbers: Mapping[str, int]) -> Iterator[str]:
    """Who asked for a field, the most eager first."""
    if not numbers:
        yield f"Nobody asked for {field}."
        return
    yield f"{field} was asked for by"
    for client, number in sorted(numbers.items(), key=lambda pair: (-pair[1], pair[0])):
        yield f"  {client:<30} {plural(number, 'request')}"


def table(uses: Uses, none: str) -> Iterator[str]:
    """Fields by name, with how many requests asked for each and of whom; `none` where there are none."""
    if not uses:
        yield none
    for name, numbers in uses.items():
        told = f"{sum(numbers.values()):>12,}  {', '.join(sorted(numbers))}" if numbers else ""
        yield f"{name:<40}{told}".rstrip()
