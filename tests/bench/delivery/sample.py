"""What is measured, and how it is kept from one run to the next."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Sample:
    """What one server did for one query in one turn. Times are in seconds, `cpu` for each request; `status` is that of
    the answers."""

    query: str
    server: str
    turn: str
    status: int
    rate: float
    p50: float
    p99: float
    cpu: float
    memory: int


def kept(file: Path, samples: Sequence[Sample]) -> list[Sample]:
    """Add samples to those of earlier runs in a file, and return all.

    A query that is measured again replaces all that was known of it: what is compared was measured together.
    """
    earlier = [Sample(**each) for each in json.loads(file.read_text())] if file.exists() else []
    again = {sample.query for sample in samples}
    found = [sample for sample in earlier if sample.query not in again] + list(samples)
    file.write_text(json.dumps([asdict(sample) for sample in found], indent=1))
    return found
