"""`content-api pin`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from content_api.cli.options import Content, given
from content_api.cli.progress import watched
from content_api.content.load import load
from content_api.content.problems import ContentRefused
from content_api.content.report import first_line, harmless, report
from content_api.errors import StoreError
from content_api.opening import ContentUnservable, usual_content
from content_api.publish.branch import Branch
from content_api.publish.place import folder_in
from content_api.settings import Settings, read_settings
from content_api.store import GitRepository, open_repository
from content_api.store.mirror import open_remote
from content_api.store.snapshot import Version

Pinned = Annotated[
    str | None,
    typer.Argument(
        metavar="REF",
        help="The version to hold: a branch, tag or commit. If not given, what is pinned is shown.",
        show_default=False,
    ),
]
Release = Annotated[
    bool, typer.Option("--release", help="Follow the branch again, whatever is pinned.", show_default=False)
]
Followed = Annotated[
    str | None,
    typer.Option(
        "--ref",
        metavar="REF",
        help="The branch that the server follows, as its own --ref names it. If not given: what is checked out.",
        show_default=False,
    ),
]


def pin(ref: Pinned = None, release: Release = False, content: Content = None, followed: Followed = None) -> None:
    """Hold a version: it goes live a moment later and stays, whatever is pushed, until it is released.

    A version with problems is not pinned: they are printed, and the exit code is 1. Running servers see the pin as they
    see a push; it stands in the repository, and outlives their restart.

    Examples:

        content-api pin
        content-api pin v1.4
        content-api pin --release
    """
    if ref is not None and release:
        raise typer.BadParameter(f"Name a version, or release what is pinned: not both {ref!r} and --release.")
    settings = read_settings(**given(content=content, ref=followed))
    with opened(settings) as repository:
        branch = Branch(repository, settings.ref or "HEAD", settings.limits)
        if release:
            typer.echo(released(branch))
        elif ref is not None:
            typer.echo(held(branch, ref))
        else:
            typer.echo(shown(branch))


def opened(settings: Settings) -> GitRepository:
    """The repository alone, or its mirror: one whose branch is gone can still be pinned to a commit."""
    return open_repository(
        mirrored(settings) or settings.content or usual_content(),
        folder=settings.folder,
        limits=settings.limits,
        deadline=settings.git_deadline,
    )


def mirrored(settings: Settings) -> Path | None:
    """Where the repository on another machine is mirrored; None where there is none.

    It is brought up to date if it can be: to go back is most urgent when something is wrong, the remote perhaps.
    """
    if settings.remote is None:
        return None
    mirror = open_remote(settings.remote, settings.cache_folder)
    try:
        mirror.fetch()
    except StoreError as error:
        if not mirror.prepare():
            raise
        typer.echo(f"{error}. What was fetched before is there.", err=True)
    return mirror.path


def held(branch: Branch, ref: str) -> str:
    """Pin a version, and say so. Raises ContentUnservable, with all of its problems, when it cannot be served."""
    commit = branch.repository.require(ref)
    refuse_problems(branch, commit)
    branch.repository.keep(branch.pin_name, commit)
    return (
        f"Pinned     {about(branch.repository.version(commit))}\n"
        f"A server that follows {branch.ref} serves it a moment later, until `content-api pin --release`."
    )


def refuse_problems(branch: Branch, commit: str) -> None:
    """Look at a version as the server will, which holds it to what it is to follow."""
    repository = branch.repository
    live = repository.kept().get(branch.live_name)
    before = branch.before(live, commit) if live else ()
    try:
        with watched(repository.snapshot(commit)) as snapshot:
            load(snapshot, before=before, limits=branch.limits)
    except ContentRefused as refused:
        raise ContentUnservable(f"{report(refused, folder_in(repository))}\n\nNothing is pinned.") from refused


def released(branch: Branch) -> str:
    """Release what is pinned, and say what that means."""
    pinned = branch.pin()
    if pinned is None:
        return shown(branch)
    branch.repository.keep(branch.pin_name, None)
    return (
        f"Released   {about(branch.repository.version(pinned))}\n"
        f"A server that follows {branch.ref} serves what that names a moment later, if it has no problems."
    )


def shown(branch: Branch) -> str:
    pinned = branch.pin()
    if pinned is None:
        return f"Nothing is pinned: {branch.ref} is followed."
    return f"Pinned     {about(branch.repository.version(pinned))}, whatever {branch.ref} names."


def about(version: Version) -> str:
    """A version in a line: its id, its tags and what it says."""
    tags = f" ({', '.join(map(harmless, version.tags))})" if version.tags else ""
    message = first_line(version.message)
    return f"{version.id[:12]}{tags}{f': {message}' if message else ''}"
