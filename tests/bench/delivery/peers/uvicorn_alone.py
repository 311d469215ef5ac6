"""An application that sends bytes it has ready, and nothing around it but uvicorn, run as content-api runs it.

python -m tests.bench.delivery.peers.uvicorn_alone FOLDER PORT
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import Receive, Scope, Send

Message = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """The messages of an answer, and of the one to a client that has it already."""

    etag: bytes
    whole: tuple[Message, Message]
    unchanged: tuple[Message, Message]


def answer_of(body: bytes) -> Answer:
    etag = b'"%s"' % hashlib.sha256(body).hexdigest()[:32].encode()
    headers = [(b"etag", etag), (b"content-type", b"application/json")]
    length = (b"content-length", str(len(body)).encode())
    return Answer(etag, messages(200, [*headers, length], body), messages(304, headers, b""))


def messages(status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> tuple[Message, Message]:
    start = {"type": "http.response.start", "status": status, "headers": headers}
    return start, {"type": "http.response.body", "body": body}


def application(folder: Path) -> Callable[..., Any]:
    """Answers with the files of a folder, read beforehand."""
    answers = {f"/{file.relative_to(folder)}": answer_of(file.read_bytes()) for file in folder.glob("*/*")}

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        known = answers[scope["path"]]
        unchanged = (b"if-none-match", known.etag) in scope["headers"]
        for message in known.unchanged if unchanged else known.whole:
            await send(message)

    return answer


def run(app: Callable[..., Any], port: int) -> None:
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http="httptools",
        lifespan="off",
        access_log=False,
        log_level="warning",
        server_header=False,
    )


if __name__ == "__main__":
    run(application(Path(sys.argv[1])), int(sys.argv[2]))
