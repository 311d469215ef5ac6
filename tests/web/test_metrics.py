"""Scraping has a share of the event loop, and what it tells is never older than the question."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import Iterator
from itertools import cycle

import pytest
from starlette.requests import Request
from starlette.responses import Response

from content_api.web.metrics import SHARE, Metrics

SECONDS = 0.005  # that a text takes here
PLAIN = {"accept-encoding": "identity"}
# All that a client could hope to have made for itself alone.
FORMS = [
    {"accept": f"{media}; version={version}; escaping={escaping}", "accept-encoding": coding}
    for media in ("text/plain", "application/openmetrics-text")
    for version in ("0.0.4", "1.0.0", "1.0.1", "2.0.0")
    for escaping in ("dots", "values", "allow-utf-8")
    for coding in ("identity", "gzip", "br", "zstd", "gzip;q=0.1")
]


class Counting:
    """Texts that say how many were made, and take their time."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self, media: str) -> bytes:
        time.sleep(SECONDS)
        self.made += 1
        return b"%d" % self.made


def asking(metrics: Metrics, headers: dict[str, str]) -> asyncio.Task[Response]:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    request = Request({"type": "http", "method": "GET", "path": "/metrics", "headers": raw})
    return asyncio.ensure_future(metrics.respond(request))


async def crowd(metrics: Metrics, forms: Iterator[dict[str, str]], seconds: float) -> int:
    """How many answers sixteen clients had who ask again as soon as they are answered."""
    end, answers = time.monotonic() + seconds, 0

    async def client() -> None:
        nonlocal answers
        while time.monotonic() < end:
            await asking(metrics, next(forms))
            answers += 1

    await asyncio.gather(*(client() for _ in range(16)))
    return answers


@pytest.mark.parametrize("forms", [[PLAIN], FORMS], ids=["one form", "all forms"])
def test_however_many_scrape_it_takes_a_share_of_the_time(forms: list[dict[str, str]]):
    texts = Counting()
    began = time.monotonic()
    answers = asyncio.run(crowd(Metrics(texts), cycle(forms), 1.0))
    passed = time.monotonic() - began
    assert texts.made <= passed / (SECONDS * (SHARE + 1)) + 1
    assert answers >= 5 * texts.made, "who comes together is given the same"


def test_what_is_told_is_of_after_it_was_asked():
    async def asked() -> list[tuple[int, int]]:
        texts = Counting()
        metrics = Metrics(texts)
        found = []
        for _ in range(4):
            before = texts.made
            found.append((before, int((await asking(metrics, PLAIN)).body)))
        return found

    assert all(told > before for before, told in asyncio.run(asked()))


def test_who_scrapes_now_and_then_does_not_wait():
    async def waited() -> float:
        metrics = Metrics(Counting())
        await asking(metrics, PLAIN)
        await asyncio.sleep(2 * SHARE * SECONDS)
        began = time.monotonic()
        await asking(metrics, {"accept-encoding": "gzip"})
        return time.monotonic() - began

    assert min(asyncio.run(waited()) for _ in range(3)) < 3 * SECONDS


def test_who_wants_it_compressed_is_given_the_same_text():
    async def both() -> tuple[Response, Response]:
        metrics = Metrics(Counting())
        return tuple(await asyncio.gather(asking(metrics, PLAIN), asking(metrics, {"accept-encoding": "gzip"})))

    plain, compressed = asyncio.run(both())
    assert compressed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(compressed.body) == plain.body
    assert compressed.headers["vary"] == "Accept, Accept-Encoding"


def test_who_leaves_and_what_fails_keep_nobody_waiting():
    async def answered() -> bytes:
        failing = [True]

        def text(media: str) -> bytes:
            if failing:
                failing.clear()
                raise RuntimeError("a collector failed")
            return b"a text"

        metrics = Metrics(text)
        with pytest.raises(RuntimeError):
            await asking(metrics, PLAIN)
        gone = asking(metrics, PLAIN)
        await asyncio.sleep(0)
        gone.cancel()
        return bytes((await asyncio.wait_for(asking(metrics, PLAIN), 5)).body)

    assert asyncio.run(answered()) == b"a text"
