"""`content-api serve`."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import structlog
import typer
import uvicorn
from starlette.applications import Starlette

from content_api.answers import stored_documents
from content_api.app import wire
from content_api.cli.open_files import with_files
from content_api.cli.options import Content, Ref, WorkingTree, given
from content_api.cli.workers import WorkerProcesses
from content_api.content.edition import Edition
from content_api.content.fields import EntityKind
from content_api.content.report import plural
from content_api.errors import SettingError
from content_api.observe.logs import configure
from content_api.opening import Started, opened_and_started
from content_api.settings import Settings, hand_down, read_settings, unknown_variables
from content_api.store import FolderSnapshot, Opened
from content_api.store.installed import doubt_about_git
from content_api.web.protocol import HttpProtocol, SocketProtocol

log = structlog.get_logger("content_api")

# As many as may wait for a busy moment to pass; the operating system's own bound is often lower.
BACKLOG = 2048

Host = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="The address to listen on; 127.0.0.1, this machine alone, if not given.",
        show_default=False,
    ),
]
Port = Annotated[
    int | None,
    typer.Option(
        metavar="NUMBER",
        min=0,
        max=65535,
        help="The port; 8000 if not given, 0 for one that is free.",
        show_default=False,
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        metavar="NUMBER", min=1, max=64, help="How many processes answer; 1 if not given.", show_default=False
    ),
]
Reload = Annotated[
    bool,
    typer.Option(
        "--reload",
        help="Serve files as they are saved, with --working-tree or outside git. Commits are always followed. Content "
        "with problems is not served; the problems are printed, and what was good stays.",
        show_default=False,
    ),
]


def serve(
    host: Host = None,
    port: Port = None,
    content: Content = None,
    ref: Ref = None,
    working_tree: WorkingTree = False,
    workers: Workers = None,
    reload: Reload = False,
) -> None:
    """Serve the content over GraphQL.

    What is committed is served; a folder that is in no git repository is served as it is. Content with problems is not
    served at all: they are printed, and the exit code is 1.

    Examples:

        content-api serve
        content-api serve --working-tree --reload
        content-api serve --content /srv/content.git --ref main --host 0.0.0.0 --workers 4
    """
    settings = read_settings(
        **given(
            host=host,
            port=port,
            content=content,
            ref=ref,
            working_tree=working_tree,
            workers=workers,
            reload=reload,
        )
    )
    configure(settings.log_format, settings.log_level)
    for warning in unknown_variables():
        typer.echo(warning, err=True)
    if settings.remote and (doubt := doubt_about_git(settings.git_deadline)):
        log.warning(doubt)
    settings = with_files(settings)
    stored_documents(settings)  # or each worker would find out, and be started again for ever
    with listen(settings.host, settings.port) as listening:  # first: it takes no time, and may be refused
        started = opened_and_started(settings)
        typer.echo(welcome(started, listening, settings.reload))
        run(settings, started, listening)


def run(settings: Settings, started: Started, listening: socket.socket) -> None:
    """Answer until told to stop: here, or in worker processes that read the content for themselves."""
    if settings.workers == 1:
        with suppress(KeyboardInterrupt):  # uvicorn has ended in good order, and raises what made it end again
            uvicorn.Server(configured(settings, wire(settings, started))).run([listening])
    else:
        with TemporaryDirectory(prefix="content-api-counts-") as folder:
            hand_down(settings.model_copy(update={"counts": settings.counts or Path(folder)}))
            config = configured(settings, "content_api.app:application")
            WorkerProcesses(config, [listening], settings.drain_seconds).run()


def configured(settings: Settings, app: str | Starlette) -> uvicorn.Config:
    """How uvicorn runs an application, or what makes one in each worker."""
    return uvicorn.Config(
        app,
        factory=isinstance(app, str),
        workers=settings.workers,
        loop="uvloop",
        http=HttpProtocol,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=list(settings.proxies),
        server_header=False,  # which server this is, is of use to nobody but an attacker
        log_config=None,  # ours, in observe/
        log_level="warning",  # that it started and stopped is said by us
        access_log=False,
        ws=SocketProtocol,
        ws_max_size=settings.message_bytes,
        ws_per_message_deflate=False,  # a few hundred bytes now and then; a compressor for each connection takes 40 kB
        timeout_graceful_shutdown=settings.end_seconds,
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


def welcome(started: Started, listening: socket.socket, reload: bool) -> str:
    """What is served and why that, where to click, and how to stop."""
    host, port = listening.getsockname()[:2]
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    edition = started.current.edition
    about = [
        started.opened.reason,
        _behind(started),
        _inventory(edition),
        _tags(edition),
        "" if reload else _preview(started.opened),
    ]
    content = "\n           ".join(filter(None, about))
    return f"Content    {content}\n\nOpen       {address}/\nGraphQL    {address}/graphql\nStop       Ctrl+C\n"


def _behind(started: Started) -> str:
    """Why an older version is served than the branch names, where that is so."""
    current = started.current
    served = f"served is {current.edition.version.id[:12]}, the newest version that can be"
    if current.pinned:
        return f"Version {current.edition.version.id[:12]} is pinned: what is pushed waits until it is released."
    if current.refusal:
        return f"It has {plural(len(current.refusal.problems), 'problem')}; {served}. `content-api check` shows them."
    return f"{current.trouble.reason}; {served}." if current.trouble else ""


def _tags(edition: Edition) -> str:
    tags = edition.version.tags
    return f"{plural(len(tags), 'tag')}: {', '.join(tags)}" if tags else ""


def _inventory(edition: Edition) -> str:
    kinds = edition.library.indexes.kinds
    locales = edition.library.site.locales
    found = [plural(len(kinds[kind]), kind.value) for kind in EntityKind if kind in kinds]
    return f"{', '.join(found)}; {plural(len(locales), 'locale')}: {', '.join(locales)}"


def _preview(opened: Opened) -> str:
    """How to see changes."""
    if isinstance(opened.snapshot, FolderSnapshot):
        return "Changes are seen after a restart, or at once with --reload."
    if opened.repository and opened.repository.location.work_tree is None:
        return "What is pushed is live a moment later, if it has no problems."
    return (
        "What is committed is live a moment later, if it has no problems."
        f" To preview changes before that: {_command()} serve --working-tree --reload"
    )


def _command() -> str:
    """How the person who started this can start it: after `make run` the command is in .venv/bin, not on the PATH."""
    path = Path(sys.argv[0])
    if path.name != "content-api":
        return f"python {path.name}" if path.suffix == ".py" else "content-api"
    return "content-api" if shutil.which("content-api") else os.path.relpath(path)
