"""GraphQL over a WebSocket: graphql-transport-ws, to the letter of
https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md.

Strawberry's handler for it was refused: it executes by itself, past the steps, limits and masks of delivery/, and
bounds neither messages nor what a client that does not read leaves behind.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any

import orjson
import structlog
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketDisconnected

from content_api.bounds import SocketBounds
from content_api.delivery.limits import Limits
from content_api.delivery.operation import Operation, Reply
from content_api.errors import RequestError
from content_api.observe.exchange import CURRENT, SUBSCRIBE, begun_within
from content_api.observe.observer import Observer
from content_api.web.errors import identified_reply, note_reply, shown
from content_api.web.graphql import refuse
from content_api.web.listeners import Listeners, Subscribe
from content_api.web.negotiation import JSON
from content_api.web.parameters import operation_of
from content_api.web.strict_json import strict_json

log = structlog.get_logger("content_api.web")

PROTOCOL = "graphql-transport-ws"
USUAL = SocketBounds()


@dataclass(frozen=True, slots=True)
class SocketLimits:
    """What one connection may do. All but the last are settings, and have their reasons there."""

    message_bytes: int = USUAL.message_bytes
    operations: int = USUAL.socket_operations
    init_seconds: float = USUAL.init_seconds
    send_seconds: float = USUAL.send_seconds
    id_characters: int = 100  # a UUID has 36; it is kept, and sent back with every reply

    @classmethod
    def of(cls, bounds: SocketBounds) -> SocketLimits:
        return cls(bounds.message_bytes, bounds.socket_operations, bounds.init_seconds, bounds.send_seconds)


# Close code -> when. The table of docs/reference/http.md is held to it by a test.
CLOSE_CODES = {
    1009: "a message is too large",
    1011: "something on our side failed",
    4400: "a message is not one of the protocol",
    4401: "an operation comes before the connection is initialised",
    4406: "the client does not offer `graphql-transport-ws`",
    4408: "the connection is not initialised in time",
    4409: "the id of an operation is in use",
    4429: "the connection is initialised twice",
}
LONGEST_REASON = 123  # bytes, says RFC 6455


class Close(Exception):
    """The connection is to be closed with one of CLOSE_CODES, for a reason that a developer reads."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason.encode()[:LONGEST_REASON].decode(errors="ignore")


class Stalled(Exception):
    """The client does not read. It is left without a word: it would not read that either."""


class WebSocketEndpoint:
    """The ASGI application at `/graphql` for those who come to stay.

    `origins` are those whose pages may connect. CORS says nothing about WebSockets, so it is asked here.
    """

    def __init__(
        self,
        subscribe: Subscribe,
        listeners: Listeners,
        origins: Sequence[str],
        limits: SocketLimits | None = None,
        question: Limits | None = None,
        observer: Observer | None = None,
    ) -> None:
        self.subscribe = subscribe
        self.listeners = listeners
        self.origins = origins
        self.limits = limits or SocketLimits()
        self.question = question or Limits()
        self.observer = observer or Observer()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        websocket = WebSocket(scope, receive, send)
        try:
            check_origin(websocket, self.origins)
            with self.listeners.place():
                await converse(websocket, self.subscribe, self.limits, self.question, self.observer)
        except RequestError as error:
            await websocket.send_denial_response(refuse(error, JSON))


def check_origin(websocket: WebSocket, origins: Sequence[str]) -> None:
    """Refuse a page of an origin that may not call. Our own pages may, and programs, which send no origin."""
    origin = websocket.headers.get("origin")
    if origin is None or "*" in origins or origin in origins:
        return
    if origin.partition("://")[2] != websocket.headers.get("host"):
        raise RequestError("ORIGIN_NOT_ALLOWED", f"Pages of {origin:.80} may not connect here.")


async def converse(
    websocket: WebSocket, subscribe: Subscribe, limits: SocketLimits, question: Limits, observer: Observer
) -> None:
    """Hold one conversation until either side ends it. What is wrong with it never leaves this function."""
    fault: Exception | None = None
    try:
        if PROTOCOL not in websocket.scope["subprotocols"]:
            await websocket.accept()
            raise Close(4406, f"Offer the subprotocol {PROTOCOL}.")
        await websocket.accept(subprotocol=PROTOCOL)
        async with asyncio.TaskGroup() as tasks:
            await Conversation(websocket, subscribe, limits, question, tasks, observer).run()
    except* (Stalled, WebSocketDisconnect, WebSocketDisconnected) as gone:
        log.debug("a client left", reason=repr(gone.exceptions[0]))
    except* Close as closing:
        fault = closing.exceptions[0]
    except* Exception as defects:  # the last place where a defect can be kept from a client
        log.error("a conversation failed", exc_info=defects)
        fault = Close(1011, "Internal error")
    if isinstance(fault, Close):
        await close(websocket, fault, limits)


async def close(websocket: WebSocket, fault: Close, limits: SocketLimits) -> None:
    with suppress(WebSocketDisconnect, WebSocketDisconnected, TimeoutError):  # it may have left, or not read
        async with asyncio.timeout(limits.send_seconds):
            await websocket.close(fault.code, fault.reason)


Message = Mapping[str, Any]


class Conversation:
    """One connection: whether it was initialised, and which operations run."""

    def __init__(
        self,
        websocket: WebSocket,
        subscribe: Subscribe,
        limits: SocketLimits,
        question: Limits,
        tasks: asyncio.TaskGroup,
        observer: Observer,
    ) -> None:
        self.websocket = websocket
        self.subscribe = subscribe
        self.limits = limits
        self.question = question
        self.tasks = tasks
        self.observer = observer
        self.greeted = False
        self.running: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Heed message after message. Raises Close, Stalled or WebSocketDisconnect in the end."""
        try:
            await self.greet()
            while True:
                await self.heed(await self.receive())
        finally:
            # A task that was cancelled holds the frames it was cancelled in, and they hold this. The collector does not
            # look at what was there when a version went live (publish/making.py), so that no circle may be left.
            self.end_all()

    async def greet(self) -> None:
        try:
            async with asyncio.timeout(self.limits.init_seconds):
                while not self.greeted:
                    await self.heed(await self.receive())
        except TimeoutError:
            most = self.limits.init_seconds
            raise Close(
                4408, f"Connection initialisation timeout: none came in {most:g} s; {most:g} s are given."
            ) from None

    def end_all(self) -> None:
        for task in self.running.values():
            task.cancel()
        self.running.clear()

    async def receive(self) -> Message:
        received = await self.websocket.receive()
        if received["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(received["code"])
        text = received.get("text")
        if text is None:
            raise Close(4400, "A message must be text; this one is binary.")
        if (size := len(text.encode())) > self.limits.message_bytes:  # the server below may read more
            raise Close(1009, f"The message has {size:,} bytes; {self.limits.message_bytes:,} are read.")
        return read_message(text, self.question)

    async def heed(self, message: Message) -> None:
        kind = message.get("type")
        handler = HANDLERS.get(kind) if isinstance(kind, str) else None
        if handler is None:
            raise Close(4400, f"No message has the type {kind!r:.40}.")
        await handler(self, message)

    async def initialise(self, message: Message) -> None:
        if self.greeted:
            raise Close(4429, "Too many initialisation requests")
        payload_of(message)  # nobody has to say who they are; what is no object is a mistake all the same
        await self.send({"type": "connection_ack"})
        self.greeted = True

    async def pong(self, message: Message) -> None:
        payload = payload_of(message)
        await self.send({"type": "pong"} | ({"payload": payload} if payload else {}))

    async def nothing(self, message: Message) -> None:
        """A pong is an answer, or a sign of life that nobody asked for: both are welcome."""

    async def begin(self, message: Message) -> None:
        if not self.greeted:
            raise Close(4401, "Unauthorized")
        name = self.id_of(message)
        if name in self.running:
            raise Close(4409, f"Subscriber for {name} already exists")
        try:
            operation = operation_of(payload_of(message), safe=False)
        except RequestError as error:
            raise Close(4400, str(error)) from None
        if len(self.running) >= self.limits.operations:
            await self.send({"id": name, "type": "error", "payload": [self.refusal()]})
        else:
            self.running[name] = self.begun(name, operation)

    def begun(self, name: str, operation: Operation) -> asyncio.Task[None]:
        """The task of an operation. It is an exchange of its own, with the id of the connection."""
        connection = CURRENT.get()
        token = CURRENT.set(connection and begun_within(connection, SUBSCRIBE))
        try:
            return self.tasks.create_task(self.tell(name, self.subscribe(operation)))
        finally:
            CURRENT.reset(token)

    async def end(self, message: Message) -> None:
        """The client wants no more of an operation. It may have ended by itself in the meantime."""
        task = self.running.pop(self.id_of(message), None)
        if task:
            task.cancel()

    async def tell(self, name: str, replies: AsyncGenerator[Reply, None]) -> None:
        """Send the replies to an operation. Its id is free again as soon as the last message is out."""
        try:
            async with aclosing(replies):
                async for reply in replies:
                    note_reply(reply)
                    await self.send(told(name, identified_reply(reply)))
                    if not reply.executed:
                        break  # that was its last message: after an error there is no `complete`
                else:
                    await self.send({"id": name, "type": "complete"})
            if self.running.get(name) is asyncio.current_task():
                del self.running[name]
        finally:
            if exchange := CURRENT.get():
                self.observer.ended(exchange, 200)

    async def send(self, message: Message) -> None:
        text = orjson.dumps(message).decode()
        try:
            async with asyncio.timeout(self.limits.send_seconds):
                await self.websocket.send_text(text)
        except TimeoutError:
            raise Stalled from None
        if (exchange := CURRENT.get()) and exchange.method == SUBSCRIBE:  # what is sent by itself is counted below us
            exchange.size += len(text)

    def id_of(self, message: Message) -> str:
        name = message.get("id")
        if not isinstance(name, str):
            raise Close(4400, f"`id` must be a text of 1 to {self.limits.id_characters} characters.")
        if not 0 < len(name) <= self.limits.id_characters:
            raise Close(4400, f"`id` has {len(name):,} characters; 1 to {self.limits.id_characters} are allowed.")
        return name

    def refusal(self) -> dict[str, object]:
        most = self.limits.operations
        return shown(
            RequestError(
                "TOO_MANY_SUBSCRIPTIONS",
                f"{len(self.running):,} operations run on this connection; {most:,} are allowed.",
                "Complete one, or open another connection.",
            )
        )


HANDLERS: dict[str, Callable[[Conversation, Message], Awaitable[None]]] = {
    "connection_init": Conversation.initialise,
    "ping": Conversation.pong,
    "pong": Conversation.nothing,
    "subscribe": Conversation.begin,
    "complete": Conversation.end,
}


def read_message(text: str, limits: Limits) -> Message:
    try:
        value = strict_json(text, "The message", limits)
    except RequestError as error:
        raise Close(4400, str(error)) from None
    if not isinstance(value, dict):
        raise Close(4400, "A message must be a JSON object.")
    return value


def payload_of(message: Message) -> dict[str, Any]:
    payload = message.get("payload")
    if payload is not None and not isinstance(payload, dict):
        raise Close(4400, "`payload` must be an object.")
    return payload or {}


def told(name: str, reply: Reply) -> Message:
    """The message that carries a reply: `next`, or `error` with the errors alone where nothing was executed."""
    if reply.executed:
        return {"id": name, "type": "next", "payload": orjson.Fragment(reply.body)}
    return {"id": name, "type": "error", "payload": orjson.loads(reply.body)["errors"]}
