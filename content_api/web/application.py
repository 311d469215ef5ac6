"""The Starlette application: routes, and what stands around all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.types import Lifespan
from starlette_compress import CompressMiddleware, add_compress_type, remove_compress_type

from content_api.errors import RequestError
from content_api.web.errors import PROBLEM, problem
from content_api.web.headers import PrivatePreviews, SafeHeaders
from content_api.web.load import Shedding
from content_api.web.negotiation import JSON
from content_api.web.observed import REQUEST_ID, Observed
from content_api.web.packed import PACKED
from content_api.web.routes import routes, socket_route
from content_api.web.services import Services
from content_api.web.stream import EVENT_STREAM
from content_api.web.websocket import SocketLimits

STATIC = Path(__file__).parent / "static"

# A page of another origin can read these headers of an answer.
EXPOSED = ("Content-Version", "ETag", "Query-Cost", "Query-Cost-Limit", REQUEST_ID, "Retry-After")


def build(
    services: Services,
    *,
    static: Path = STATIC,
    origins: Sequence[str] = ("*",),
    sockets: SocketLimits | None = None,
    rate: tuple[str, int] | None = None,
    lifespan: Lifespan[Starlette] | None = None,
) -> Starlette:
    """Wire the application.

    `origins` are those whose pages may call from a browser. Everybody's, unless told otherwise: what is served is
    public, reading needs no key, and no cookie is ever looked at. `rate` is how much one address may send, as
    `100/second`, and of how many of them that is counted.
    """
    add_compress_type(PROBLEM)  # starlette-compress does not know this one
    remove_compress_type(JSON)  # of GraphQL's answers each is compressed once, where it is made
    for media in PACKED:
        remove_compress_type(media)  # compressed once as well; what is left is small
    remove_compress_type(EVENT_STREAM)  # a compressor for each idle stream takes more memory than all else of it
    return Starlette(
        routes=[*routes(services, static), socket_route(services, origins, sockets)],
        middleware=_middleware(services, origins, rate),
        exception_handlers={HTTPException: problem, RequestError: problem},
        lifespan=lifespan,
    )


def _middleware(services: Services, origins: Sequence[str], rate: tuple[str, int] | None) -> list[Middleware]:
    """From the outside in. CORS is outside of what may fail, so that a browser shows a developer even our failures.

    Starlette puts its handler of failures outside all of these, where an answer would go without CORS; the same handler
    stands innermost here, and its own finds the answer already sent.
    """
    cors = Middleware(
        CORSMiddleware,
        allow_origins=origins,
        allow_methods=("GET", "HEAD", "POST"),
        # Clients name themselves, their operations and their traces, each in its own way. What a browser asks for is
        # answered by name, so that `Authorization` is among them, which its own `*` leaves out.
        allow_headers=("*",),
        expose_headers=EXPOSED,
        max_age=86_400,  # browsers cap it at two hours or a day; what is allowed changes with a release only
    )
    return [
        Middleware(Observed, observer=services.observer),
        Middleware(SafeHeaders),  # outside of CORS, which answers preflights by itself
        Middleware(PrivatePreviews),
        cors,
        Middleware(CompressMiddleware),
        *_limiting(services, rate),
        Middleware(ServerErrorMiddleware, handler=problem),
    ]


def _limiting(services: Services, rate: tuple[str, int] | None) -> Iterator[Middleware]:
    """What turns requests away: the overload first, since a request that is not looked at should not count."""
    if services.load:
        yield Middleware(Shedding, load=services.load, count=services.count_refusal)
    if rate:
        from content_api.web.rates import Rate, RateLimited  # a library that takes a seventh of a second to load

        yield Middleware(RateLimited, rate=Rate(*rate), count=services.count_refusal)
