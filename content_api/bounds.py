"""The settings that are limits: of a connection, of a question, and of content. Settings (settings.py) is all of them.

Why each has its usual value stands beside it here, or where the value is.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BaseModel, Field, field_validator

from content_api.delivery.limits import Limits as OperationLimits
from content_api.store.snapshot import Limits

RATE = re.compile(r"[1-9]\d{0,8}/(second|minute|hour|day)", re.ASCII)
USUAL_LIMITS = Limits()
OPERATION = OperationLimits()


class SocketBounds(BaseModel):
    """Limits of connections and clients"""

    head_seconds: Annotated[float, Field(gt=0, le=600)] = 8.0
    """Seconds in which the head of a request must be here, counted from its first byte, on a new connection from when
    that was made. It is one packet or a few: over the slowest of phones they come in two seconds."""
    request_seconds: Annotated[float, Field(gt=0, le=600)] = 8.0
    """Seconds in which a request must be here with its body, counted from its first byte: 100 kB in that time is a line
    of 12 kB a second."""
    head_bytes: Annotated[int, Field(ge=1_000, le=1_000_000)] = 16_384
    """Bytes of a request's head. Browsers send 1,000, with the cookies and traces of a large site 8,000; a question
    that does not fit into an address goes by POST."""
    head_fields: Annotated[int, Field(ge=8, le=1_000)] = 64
    """Header fields of a request. Browsers send 20, and each proxy on the way adds a few."""
    idle_seconds: Annotated[float, Field(gt=0, le=3600)] = 15.0
    """Seconds that a connection stays open after an answer, for the next request. A reader who goes on does so sooner,
    and a connection that is made anew takes a tenth of a second. A proxy in front should keep its connections for
    less."""
    take_seconds: Annotated[float, Field(gt=0, le=3600)] = 60.0
    """Seconds in which a client must take its answer from the server: 1 MB over a line of 17 kB a second. Who has not
    is left, for what waits for him is memory."""
    pipelined: Annotated[int, Field(ge=1, le=1_000)] = 20
    """Requests of one connection that may wait for the answer to the one before. Browsers never send one so early; what
    measures servers sends 16."""
    connections: Annotated[int, Field(ge=1, le=1_000_000)] = 12_000
    """Connections that a worker holds: 10,000 that listen, and 2,000 that ask. One that is idle takes 10 kB. Where the
    system allows fewer open files, there are fewer."""
    connections_per_address: Annotated[int, Field(ge=1, le=1_000_000)] = 1_000
    """Connections of one client address to a worker: a hospital behind one address, where two thousand people open a
    page each minute. A proxy of `CONTENT_API_PROXIES` may hold any number of them: it is not one client."""
    listeners: Annotated[int, Field(ge=0, le=1_000_000)] = 10_000
    """WebSockets and event streams of a worker. An idle one costs 20 to 30 kB, so that these take 300 MB at most."""
    end_seconds: Annotated[int, Field(ge=0, le=3600)] = 5
    """Seconds that a server that is told to end gives to what it has begun. An answer takes milliseconds. What is not
    done by then, or not taken by its client, is left."""
    init_seconds: Annotated[float, Field(gt=0, le=600)] = 5.0
    """Seconds until `connection_init` on a WebSocket. Clients greet as soon as they are connected; one that does not is
    no client."""
    message_bytes: Annotated[int, Field(ge=1_000, le=1_000_000)] = 16_384
    """Bytes of one message on a WebSocket: a document of 10,000 characters, its variables, and JSON around them."""
    socket_operations: Annotated[int, Field(ge=1, le=10_000)] = 20
    """Operations that run on one WebSocket. A page listens to one thing, a page that is made of many parts to a
    few."""
    rate_limit: str | None = None
    """How many requests one client address may send, such as `100/second`, `1000/minute` or `20000/hour`. If not set,
    any number. Each worker counts for itself."""
    busy_seconds: Annotated[float, Field(ge=0.05, le=60)] = 0.5
    """Seconds that the server may be busy with the requests that came together; those that are left then are refused
    with 503, and it is free for new ones. Who asks what is light and is answered has waited twice as long at most: a
    second is when a reader begins to think of something else."""

    @field_validator("rate_limit")
    @classmethod
    def a_rate(cls, value: str | None) -> str | None:
        if value is not None and not RATE.fullmatch(value):
            raise ValueError("a number and a time such as 100/second, 1000/minute, 20000/hour or 100000/day")
        return value


class QuestionBounds(BaseModel):
    """Limits of an operation"""

    operation_seconds: Annotated[float, Field(gt=0, le=60)] = OPERATION.seconds
    """Seconds that one operation may take; one that takes longer is refused. The dearest that its cost allows takes a
    twentieth of one. What it waits while others are answered is not counted."""


class ContentBounds(BaseModel):
    """Limits of content"""

    max_file_bytes: Annotated[int, Field(ge=1)] = USUAL_LIMITS.file_bytes
    """The largest content file. Those of people have 20 kB."""
    max_content_bytes: Annotated[int, Field(ge=1)] = USUAL_LIMITS.content_bytes
    """All content files of a version together: 50,000 entities of 4 kB."""
    max_files: Annotated[int, Field(ge=1)] = USUAL_LIMITS.files
    """How many files, and how many folders, a version may have."""
    max_depth: Annotated[int, Field(ge=1)] = USUAL_LIMITS.depth
    """How many parts a content file's path may have. The layout needs two."""
    build_seconds: Annotated[float, Field(gt=0, le=86_400)] = USUAL_LIMITS.seconds
    """Seconds that a version may take to be read and checked; one that takes longer is refused, and the last good one
    stays. 50,000 entities take 13 from nothing, and a change among them a tenth of one."""

    @property
    def limits(self) -> Limits:
        return Limits(self.max_file_bytes, self.max_content_bytes, self.max_files, self.max_depth, self.build_seconds)
