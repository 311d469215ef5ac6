"""`content-api hook`: git hooks that refuse content with problems where it is committed or pushed."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from content_api.cli.hook_files import HookFile, Kind, Owner, script
from content_api.cli.hook_run import run
from content_api.errors import RepositoryUnusable, SettingError
from content_api.settings import Settings, read_settings
from content_api.store.hooks import hooks_folder
from content_api.store.locate import Location, find_repository

HELP = "Git hooks that refuse content with problems: install, uninstall, show."
SAYS = {
    Kind.PRE_COMMIT: "a commit with problems is refused",
    Kind.PRE_PUSH: "a push with problems does not leave this clone",
    Kind.PRE_RECEIVE: "a push with problems is not taken",
}

Repository = Annotated[
    Path, typer.Argument(metavar="REPO", help="A repository, or a folder in one. If not given: here.")
]
PreCommit = Annotated[bool, typer.Option("--pre-commit", help="Look at what is about to be committed, in a clone.")]
PrePush = Annotated[bool, typer.Option("--pre-push", help="Look at each branch before it is pushed from a clone.")]
PreReceive = Annotated[bool, typer.Option("--pre-receive", help="Look at what others push to this repository.")]
Branch = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME",
        help="With pre-receive: a branch to look at, in place of the one that HEAD is. Can be given again.",
        show_default=False,
    ),
]
AllBranches = Annotated[
    bool, typer.Option("--all-branches", help="With pre-receive: look at every branch, drafts included.")
]
Force = Annotated[
    bool, typer.Option("--force", help="Put a hook of somebody else aside, and write to a folder that others share.")
]


def install(
    repository: Repository = Path(),
    pre_commit: PreCommit = False,
    pre_push: PrePush = False,
    pre_receive: PreReceive = False,
    branch: Branch = None,
    all_branches: AllBranches = False,
    force: Force = False,
) -> None:
    """Install git hooks that refuse content with problems, and show these to whoever commits or pushes.

    Without an option that says which: pre-receive in a bare repository, pre-commit and pre-push in a clone. Installing
    again brings a hook up to date. It runs the content-api that installed it, and looks in the folder that
    CONTENT_API_FOLDER names now, if it names one.

    Examples:

        content-api hook install
        content-api hook install /srv/content.git --all-branches
        content-api hook install --pre-push
    """
    settings = read_settings()
    location = located(repository, settings)
    kinds = chosen(location, pre_commit=pre_commit, pre_push=pre_push, pre_receive=pre_receive)
    options = _branches(kinds, branch or [], all_branches)
    files = [file for file in hook_files(location, settings, shared=force) if file.kind in kinds]
    for file in files:  # all of them before the first is written
        file.refuse_to_lose(force)
    for file in files:
        file.install(script(file.kind, options if file.kind is Kind.PRE_RECEIVE else [], settings.folder))
        typer.echo(f"{file.path}: {SAYS[file.kind]}.")


def uninstall(repository: Repository = Path()) -> None:
    """Remove the hooks that `content-api hook install` has written, and bring back those that it had put aside.

    Hooks that somebody else has written stay as they are.

    Examples:

        content-api hook uninstall
        content-api hook uninstall /srv/content.git
    """
    settings = read_settings()
    removed = [file for file in hook_files(located(repository, settings), settings, shared=True) if file.uninstall()]
    for file in removed:
        typer.echo(f"{file.path}: {'what was there before is back' if file.owner is Owner.OTHER else 'removed'}.")
    if not removed:
        typer.echo("There is no hook of content-api.")


def show(repository: Repository = Path()) -> None:
    """Show which hooks there are, and whose.

    For each hook that could be ours: none, ours, or somebody else's; and the file.

    Examples:

        content-api hook show
        content-api hook show /srv/content.git
    """
    settings = read_settings()
    for file in hook_files(located(repository, settings), settings, shared=True):
        typer.echo(f"{file.kind:<12} {file.owner:<16} {file.path if file.owner is not Owner.NOBODY else ''}".rstrip())


def build() -> typer.Typer:
    """The sub-commands, put together. `run` is what a hook calls; no person does."""
    hook = typer.Typer(name="hook", no_args_is_help=True, rich_markup_mode="markdown", help=HELP)
    for command in (install, uninstall, show):
        hook.command()(command)
    hook.command(hidden=True)(run)
    return hook


def located(repository: Path, settings: Settings) -> Location:
    """The repository that a person names. Raises RepositoryUnusable where there is none."""
    location = find_repository(repository, settings.git_deadline)
    if location is None:
        raise RepositoryUnusable(f"{repository.absolute()} is not a git repository, nor in one. Name one")
    return location


def chosen(location: Location, *, pre_commit: bool, pre_push: bool, pre_receive: bool) -> list[Kind]:
    """The hooks that are asked for, or else those that fit the kind of repository."""
    asked = dict(zip(Kind, (pre_commit, pre_push, pre_receive), strict=True))
    kinds = [kind for kind, wanted in asked.items() if wanted]
    if location.work_tree is not None:
        return kinds or [Kind.PRE_COMMIT, Kind.PRE_PUSH]
    if set(kinds) - {Kind.PRE_RECEIVE}:
        raise SettingError(
            f"{location.git_directory} has no work tree: nobody commits there, nor pushes from there. Use --pre-receive"
        )
    return [Kind.PRE_RECEIVE]


def hook_files(location: Location, settings: Settings, *, shared: bool) -> list[HookFile]:
    """The hooks of a repository, there or not. Raises SettingError where others share them, and that is not wanted."""
    folder = hooks_folder(location, settings.git_deadline)
    if folder.shared_by and not shared:
        own = f"git config core.hooksPath {shlex.quote(str(location.git_directory / 'hooks'))}"
        raise SettingError(
            f"The hooks in {folder.path} are those of other repositories too: core.hooksPath of the {folder.shared_by}"
            f" configuration says so. Give this one its own: `{own}`; or use --force"
        )
    return [HookFile(kind, folder.path / kind) for kind in Kind]


def _branches(kinds: list[Kind], branches: list[str], all_branches: bool) -> list[str]:
    """The options that a pre-receive hook passes on."""
    if (branches or all_branches) and Kind.PRE_RECEIVE not in kinds:
        raise SettingError(
            "--branch and --all-branches are for --pre-receive: a clone's hooks look at whatever is committed or pushed"
        )
    return [*(["--all-branches"] if all_branches else []), *(word for name in branches for word in ("--branch", name))]
