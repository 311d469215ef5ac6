"""Asking a running server, over HTTP."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

import orjson
from pydantic import TypeAdapter

from content_api.errors import NoAnswer, SettingError, without_password
from content_api.settings import Settings, variable
from content_api.web.health import Status

STATUS = TypeAdapter(Status)
LARGEST_ANSWER = 10_000_000  # bytes; a hundred problems have some 40 kB, and this only stops what never ends
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # addresses to listen on, and where that is reached from here


def address_of(settings: Settings) -> str:
    """Where the server of these settings is reached from this machine."""
    if settings.port == 0:
        raise SettingError(f"{variable('port')} is 0, any free port: name the server's address with --url")
    host = EVERYWHERE.get(settings.host, settings.host)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered: its own words, and what they mean."""

    body: bytes
    status: Status


def ask(url: str, timeout: float) -> Answer:
    """What `/readyz` answers below a server's address. Raises NoAnswer for no answer, and for one of something else."""
    answer, body = fetch(url, "/readyz", "application/json", timeout)
    return Answer(body, understood(url, answer, body))


def fetch(url: str, path: str, accept: str, timeout: float) -> tuple[http.client.HTTPResponse, bytes]:
    """What a server answers at a path, which has been read. Raises NoAnswer where there is none.

    Standard library: one GET, without redirects, cookies or proxies, is no reason for every installation to carry a
    client library. A proxy would be asked what it thinks of the server; the question is what the server says.
    """
    place = parsed(url)
    try:
        with closing(CONNECTIONS[place.scheme](place, timeout)) as connection:
            connection.request("GET", f"{place.path.rstrip('/')}{path}", headers={"Accept": accept})
            with connection.getresponse() as answer:
                return answer, answer.read(LARGEST_ANSWER)
    except (OSError, http.client.HTTPException, UnicodeError) as error:  # the last for a host's name that cannot be
        raise NoAnswer(silence(url, error, timeout)) from None


def parsed(url: str) -> SplitResult:
    try:
        place = urlsplit(url)
        # A user in it would be left out of the request, as reading needs none, but not out of what is printed.
        if place.scheme in CONNECTIONS and place.hostname and place.port != 0 and place.username is None:
            return place
    except ValueError:  # of a port that is no number, or a bracket that is not closed
        pass
    raise SettingError(
        f"{without_password(url)!r:.200} is no address of a server: it should be such as http://127.0.0.1:8000"
    )


def silence(url: str, error: Exception, timeout: float) -> str:
    """Why there is no answer, and what to do."""
    if isinstance(error, TimeoutError):
        return f"{url} did not answer within {timeout:g} s. Wait longer with --timeout, or look into the server's log"
    if isinstance(error, ConnectionRefusedError):
        return (
            f"Nothing answers at {url}. Start the server with `content-api serve`, or name the address of one that"
            " runs with --url"
        )
    if isinstance(error, ssl.SSLError):
        reason = error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else error.reason
        return f"{url} cannot be trusted, or speaks no TLS: {reason or error}"
    if isinstance(error, http.client.HTTPException):
        return f"What answers at {url} does not speak HTTP: {type(error).__name__}"
    return f"{url} cannot be reached: {error.strerror if isinstance(error, OSError) and error.strerror else error}"


def understood(url: str, answer: http.client.HTTPResponse, body: bytes) -> Status:
    try:
        found = orjson.loads(body)
        return STATUS.validate_python(found | {"live_since": found.get("liveSince")})
    except (ValueError, TypeError, AttributeError):
        raise stranger(url, answer) from None


def stranger(url: str, answer: http.client.HTTPResponse) -> NoAnswer:
    kind = answer.headers.get_content_type()
    return NoAnswer(
        f"What answers at {url} is no content-api, or not one of this release: it gave status {answer.status} and"
        f" {kind}. Name the address with --url"
    )


def _plain(place: SplitResult, timeout: float) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(place.hostname or "", place.port, timeout=timeout)


def _secure(place: SplitResult, timeout: float) -> http.client.HTTPConnection:
    return http.client.HTTPSConnection(place.hostname or "", place.port, timeout=timeout)


CONNECTIONS: dict[str, Callable[[SplitResult, float], http.client.HTTPConnection]] = {"http": _plain, "https": _secure}
