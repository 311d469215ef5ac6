"""What a client sends over its WebSocket at once is read a piece at a time, whole, and in its order."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

from uvicorn.config import Config
from uvicorn.server import ServerState
from websockets.frames import Frame, Opcode

from content_api.web.frames import PIECE, SocketProtocol, Turns
from tests.hostile.forms import SOCKET
from tests.hostile.peer import request

PING = Frame(Opcode.PING, b"").serialize(mask=True)


class Clock:
    """Counts the turns of the event loop."""

    turn = 0

    async def run(self) -> None:
        while True:
            self.turn += 1
            await asyncio.sleep(0)


class Wire:
    """A transport that notes in which turn of the event loop how much is written to it, and whether it reads."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.written: Counter[int] = Counter()
        self.reads, self.is_closed = True, False

    def write(self, data: bytes) -> None:
        self.written[self.clock.turn] += len(data)

    def pause_reading(self) -> None:
        self.reads = False

    def resume_reading(self) -> None:
        self.reads = True

    def is_closing(self) -> bool:
        return self.is_closed

    def close(self) -> None:
        self.is_closed = True

    abort = close

    def get_extra_info(self, name: str) -> Any:
        return None


class Talk:
    """A conversation with an application that takes a turn for each message, and remembers all."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.heard: list[str] = []
        self.wire = Wire(clock or Clock())

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await asyncio.sleep(0)
            self.heard.append(message["text"])

    async def begun(self, state: dict[str, Any]) -> SocketProtocol:
        config = Config(self.app, interface="asgi3", log_level="critical")
        config.load()
        protocol = SocketProtocol(config, ServerState(), state, asyncio.get_running_loop())
        protocol.connection_made(self.wire)
        protocol.data_received(request("GET / HTTP/1.1", "Host: test", *SOCKET))
        await asyncio.sleep(0.01)
        self.wire.written.clear()
        return protocol


async def at_rest(*talks: Talk) -> None:
    while not all(talk.wire.reads for talk in talks):
        await asyncio.sleep(0)


def test_of_all_that_comes_at_once_a_piece_is_read_in_each_turn_on_whatever_connection():
    async def pinged() -> list[Talk]:
        state: dict[str, Any] = {}
        clock = Clock()
        talks = [Talk(clock) for _ in range(3)]
        for protocol in [await talk.begun(state) for talk in talks]:
            protocol.data_received(PING * 2_000)
        running = asyncio.create_task(clock.run())
        await at_rest(*talks)
        running.cancel()
        return talks

    talks = asyncio.run(pinged())
    answered = 2 * PIECE // len(PING)  # an answer has no mask, and so two bytes
    assert all(talk.wire.written.total() == 2 * 2_000 for talk in talks)
    assert max(sum((talk.wire.written for talk in talks), Counter()).values()) <= answered + 2


def test_nothing_more_is_taken_from_the_socket_before_that_is_read_and_all_is_heard_in_order():
    said = [json.dumps({"number": number}) for number in range(500)]

    async def told() -> tuple[bool, Talk]:
        talk = Talk()
        protocol = await talk.begun({})
        protocol.data_received(b"".join(Frame(Opcode.TEXT, one.encode()).serialize(mask=True) for one in said))
        read_on = talk.wire.reads
        await at_rest(talk)
        return read_on, talk

    read_on, talk = asyncio.run(told())
    assert not read_on
    assert talk.heard[:-1] == said[:-1], "the last one may still be in the hands of the application"


def test_the_end_of_a_client_that_left_much_unread_is_the_end():
    async def left() -> tuple[Talk, SocketProtocol, Turns]:
        talk = Talk()
        protocol = await talk.begun({})
        protocol.data_received(PING * 2_000)
        talk.wire.close()
        protocol.connection_lost(None)
        for _ in range(5):
            await asyncio.sleep(0)
        return talk, protocol, protocol.turns

    talk, protocol, turns = asyncio.run(left())
    assert (talk.wire.written.total(), len(protocol.unread), len(turns.waiting)) == (0, 0, 0)


def test_work_that_fails_keeps_no_other_from_its_turn():
    async def done() -> list[str]:
        loop, found = asyncio.get_running_loop(), []
        loop.set_exception_handler(lambda loop, context: found.append(str(context["exception"])))
        turns = Turns.of({}, loop)

        def fail() -> None:
            raise RuntimeError("failed")

        turns.wait(fail)
        turns.wait(lambda: found.append("done"))
        await asyncio.sleep(0.01)
        return found

    assert asyncio.run(done()) == ["failed", "done"]
