"""Several workers of one server count together: each writes what it has counted, and whoever is scraped adds them up.

prometheus_client's own way of doing this was refused: it is for metrics that count for themselves, in files that are
mapped when it is imported; ours are read from what is there.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

import orjson
import structlog
from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric

from content_api.observe.metrics import SAME_IN_EACH

log = structlog.get_logger("content_api.observe")

WRITE_SECONDS = 1.0  # a scrape comes every 15 s or so; to write takes a tenth of a millisecond
GONE_SECONDS = 10.0  # a worker that has not written for so long is gone, or so busy that its gauges mean nothing
# The ends of the names of what is counted, a histogram's too. What a worker has counted stays when it is gone.
COUNTED = ("_total", "_bucket", "_sum", "_count")

Key: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]
"""The name of a sample, and its labels."""
Samples: TypeAlias = dict[Key, float]


class Together:
    """A collector over the metrics of one worker, and over what others have written into a folder that they share."""

    def __init__(self, own: CollectorRegistry, folder: Path) -> None:
        self.own = own
        self.file = folder / f"{os.getpid()}.json"

    @classmethod
    def of(cls, own: CollectorRegistry, folder: Path | None) -> Together | None:
        return cls(own, folder) if folder else None

    @property
    def registry(self) -> CollectorRegistry:
        found = CollectorRegistry(auto_describe=False)
        found.register(self)
        return found

    def collect(self) -> Iterator[Metric]:
        others: Samples = {}
        for written in self.others():
            for key, value in written.items():
                others[key] = others.get(key, 0.0) + value
        for family in self.own.collect():
            yield _added(family, others)

    async def write_again_and_again(self) -> None:
        while True:
            try:
                self.write()
            except OSError as error:
                log.warning("the other workers cannot be told what this one has counted", reason=str(error))
            await asyncio.sleep(WRITE_SECONDS)

    def write(self) -> None:
        """Write what is added up, whole or not at all."""
        families = [family for family in self.own.collect() if family.name not in SAME_IN_EACH]
        samples = [
            (each.name, sorted(each.labels.items()), each.value) for family in families for each in family.samples
        ]
        new = self.file.with_suffix(".new")
        new.write_bytes(orjson.dumps({"at": time.time(), "samples": samples}))
        new.replace(self.file)

    def others(self) -> Iterator[Samples]:
        """What each of the others wrote last; of one that is gone, what it has counted."""
        for file in self.file.parent.glob("*.json"):
            if file == self.file:
                continue
            try:
                written = orjson.loads(file.read_bytes())
                is_gone = time.time() - written["at"] > GONE_SECONDS
                yield dict(_read(written["samples"], counters_alone=is_gone))
            except (OSError, ValueError, KeyError, TypeError) as error:
                log.warning("what another worker has counted cannot be read", file=str(file), reason=repr(error))


def _read(samples: Iterable[tuple[str, list[list[str]], float]], counters_alone: bool) -> Iterator[tuple[Key, float]]:
    for name, labels, value in samples:
        if name.endswith(COUNTED) or not counters_alone:
            yield (name, tuple((label, text) for label, text in labels)), value


def _added(family: Metric, others: Samples) -> Metric:
    """A family with its samples and those of others added up."""
    ours: Samples = {(each.name, tuple(sorted(each.labels.items()))): each.value for each in family.samples}
    names = {family.name, *(family.name + end for end in COUNTED)}
    theirs = {key: value for key, value in others.items() if key[0] in names}
    added = Metric(family.name, family.documentation, family.type)
    for name, labels in dict.fromkeys((*ours, *theirs)):  # the bounds of a histogram stay in their order
        value = ours.get((name, labels), 0.0) + theirs.get((name, labels), 0.0)
        added.add_sample(name, dict(labels), value)
    return added
