"""A reply on the wire: in the media type and coding that a request wants, with its headers, or as a 304."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import Receive, Scope, Send

from content_api.delivery.operation import Reply
from content_api.delivery.present import SMALLEST, digest, form, line
from content_api.web.conditional import has_it
from content_api.web.errors import RETRY_AFTER, status_of
from content_api.web.negotiation import GRAPHQL_RESPONSE, IDENTITY, JSON

# A page that many read asks again every ten seconds, which is how long a reader may not hear of a recall. For a minute
# more an older answer may be shown while a newer one is on its way.
LIVE = "public, max-age=10, stale-while-revalidate=60"
PINNED = "public, max-age=31536000, immutable"  # a year: nothing that is cached for longer is worth having
NEVER = "no-store"  # an error, which may pass; or an answer that was overtaken by another version
# Who asks for a version of his own must not be given what somebody else was given without one.
VARY = "Accept, Accept-Encoding, Content-Version-At-Least"
# What an entity tag says of the bytes besides their hash: other bytes, and other types, are another representation.
VARIANTS = {JSON: "", GRAPHQL_RESPONSE: "-g", IDENTITY: "", "zstd": "-zstd", "br": "-br", "gzip": "-gzip"}

Header = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request says of the answer that it wants, apart from its question."""

    media: str
    codings: tuple[str, ...]
    """Those that are accepted, the best first."""
    if_none_match: tuple[str, ...] = ()
    """The lines of that header; none where the method is not one that reads."""


@dataclass(frozen=True, slots=True)
class Answered:
    """An ASGI application that sends one whole answer. Starlette's Response would make its headers again each time.

    The first of the headers is `Vary`, which is the same in all answers.
    """

    status: int
    headers: list[Header]
    body: bytes
    reply: Reply
    """What it says."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})


def respond_to(reply: Reply, wanted: Wanted) -> Answered:
    """The answer in a media type and the best of the codings that are accepted, or that the client has it already."""
    coding = coding_for(reply, wanted.codings)
    headers = [*head_of(reply)]
    if reply.reusable:
        entity_tag = f'"{digest(reply)}{VARIANTS[wanted.media]}{VARIANTS[coding]}"'
        headers.append((b"etag", entity_tag.encode()))
        if wanted.if_none_match and has_it(wanted.if_none_match, entity_tag):
            return Answered(304, headers, b"", reply)
    body = reply.body if coding == IDENTITY else form(reply, coding)
    headers += [(b"content-type", f"{wanted.media}; charset=utf-8".encode()), (b"content-length", b"%d" % len(body))]
    if coding != IDENTITY:
        headers.append((b"content-encoding", coding.encode()))
    status = status_of(reply, wanted.media)
    if status == 405:
        headers.append((b"allow", b"POST"))  # the only way that it comes here is a mutation by GET
    if status == 503:
        headers.append((b"retry-after", str(RETRY_AFTER[reply.codes[0]]).encode()))
    return Answered(status, headers, body, reply)


def repeating(
    again: Callable[[], Reply | None], wanted: Wanted, last: tuple[Reply, Answered]
) -> Callable[[], Answered | None]:
    """What answers a request once more, given the `last` time: with the very same object for as long as the reply is;
    with None where `again` gives no reply, or none that anybody may be given again."""

    def answer() -> Answered | None:
        nonlocal last
        reply = again()
        if reply is None or not reply.reusable:
            return None
        if reply is not last[0]:
            last = reply, respond_to(reply, wanted)
        return last[1]

    return answer


def coding_for(reply: Reply, accepted: tuple[str, ...]) -> str:
    """The best coding; none for a small body, unless the client wants it coded in any case."""
    return IDENTITY if len(reply.body) < SMALLEST and IDENTITY in accepted else accepted[0]


def head_of(reply: Reply) -> list[Header]:
    """The headers that an answer has in every type and coding, and that a 304 has as well."""
    made: list[Header] | None = reply.made.get("head")
    if made is None:
        made = reply.made["head"] = _head(reply)
    return made


def _head(reply: Reply) -> list[Header]:
    found = [
        (b"vary", VARY.encode()),
        (b"content-version", reply.version.encode()),
        (b"query-cost-limit", b"%d" % reply.cost_limit),
    ]
    if reply.cost is not None:
        found.append((b"query-cost", b"%d" % reply.cost))
    if not reply.reusable:
        return [*found, (b"cache-control", NEVER.encode())]
    cached = PINNED if reply.pinned else LIVE
    return [*found, (b"cache-control", cached.encode()), (b"cache-tag", line(reply).encode())]
