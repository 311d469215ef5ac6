"""`content-api serve`."""

from __future__ import annotations

import errno
import socket
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from starlette.applications import Starlette
from uvicorn.supervisors import Multiprocess

from content_api.app import first_edition, open_configured, wire
from content_api.content.edition import Edition
from content_api.content.fields import EntityKind
from content_api.content.report import plural
from content_api.errors import SettingError
from content_api.observe.logs import configure
from content_api.publish.current import Current
from content_api.settings import Settings, hand_down, read_settings, unknown_variables
from content_api.store import Opened

# As many as may wait for a busy moment to pass; the operating system's own bound is often lower.
BACKLOG = 2048


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[
        int | None, typer.Option(help="Port to listen on; 0 takes a free one.", show_default="8000")
    ] = None,
    content: Annotated[Path | None, typer.Option(help="Folder or repository.", show_default="content")] = None,
    ref: Annotated[str | None, typer.Option(help="Branch, tag or commit to serve.")] = None,
    working_tree: Annotated[bool, typer.Option("--working-tree", help="Serve the files as they stand.")] = False,
    workers: Annotated[int | None, typer.Option(help="How many processes answer.", show_default="1")] = None,
    reload: Annotated[bool, typer.Option("--reload", help="Serve changes as they come.")] = False,
) -> None:
    """Serve the content over GraphQL."""
    settings = read_settings(
        host=host,
        port=port,
        content=content,
        ref=ref,
        working_tree=working_tree or None,
        workers=workers,
        reload=reload or None,
    )
    configure(settings.log_format, settings.log_level)
    for warning in unknown_variables():
        typer.echo(warning, err=True)
    listening = listen(settings.host, settings.port)
    opened = open_configured(settings)
    edition = first_edition(opened, settings)
    typer.echo(welcome(opened, edition, listening))
    run(settings, opened, edition, listening)


def run(settings: Settings, opened: Opened, edition: Edition, listening: socket.socket) -> None:
    """Answer until told to stop: here, or in worker processes that read the content for themselves."""
    if settings.workers == 1:
        uvicorn.Server(configured(wire(settings, opened, Current(edition)))).run([listening])
    else:
        hand_down(settings)
        Multiprocess(configured("content_api.app:application", settings.workers), [listening]).run()


def configured(app: str | Starlette, workers: int = 1) -> uvicorn.Config:
    """How uvicorn runs an application, or what makes one in each worker."""
    return uvicorn.Config(
        app,
        factory=isinstance(app, str),
        workers=workers,
        loop="uvloop",
        http="httptools",
        server_header=False,  # which server this is, is of use to nobody but an attacker
        log_config=None,  # ours, in observe/
        log_level="warning",  # that it started and stopped is said by us
        access_log=False,
    )


def listen(host: str, port: int) -> socket.socket:
    """A socket that takes connections. Raises SettingError, with what to do, when there can be none."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise SettingError(
                f"Port {port} of {host} is in use. Stop what uses it, or choose another: --port"
            ) from None
        raise SettingError(f"Cannot listen on {host}, port {port}: {error.strerror}") from None
    listening.set_inheritable(True)
    return listening


def welcome(opened: Opened, edition: Edition, listening: socket.socket) -> str:
    """What is served, where to click and how to stop."""
    host, port = listening.getsockname()[:2]
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    kinds = [plural(len(edition.library.indexes.kinds.get(kind, ())), kind.value) for kind in EntityKind]
    return f"{opened.reason}\n{', '.join(kinds)}.\n\n{address}/\n{address}/graphql\n\nStop with Ctrl+C."
