"""What an installed hook does: look, and say no with the reasons."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from content_api.cli.check import checked
from content_api.cli.checked import Checked
from content_api.cli.formats import as_text
from content_api.cli.hook_files import Kind
from content_api.settings import read_settings
from content_api.store import GitRepository, open_repository
from content_api.store.hooks import staged
from content_api.store.locate import find_repository

HERE = Path()  # git runs a hook at the top of the work tree, or in a repository without one
BRANCHES = "refs/heads/"

# The message of the commit is not written yet. Whether it allows that most of the content goes is seen by the next
# hook, which looks at the commit.
UNKNOWN_MESSAGE = "Allow-Mass-Delete: yes"

# How an editor goes on.
ADVICE = {
    Kind.PRE_COMMIT: "Not committed. Mend this, `git add` it and commit again. `git commit --no-verify` commits it all"
    " the same; a server that checks will not take or serve it.",
    Kind.PRE_PUSH: "Not pushed. Mend this, commit and push again. `git push --no-verify` pushes it all the same; a"
    " server that checks will not take or serve it.",
    Kind.PRE_RECEIVE: "Nothing of this push was taken. Mend this, commit and push again.",
}


@dataclass(frozen=True, slots=True)
class Update:
    """A ref that is to be moved from one commit to another; None where it is made or deleted."""

    ref: str
    old: str | None
    new: str | None


def run(
    kind: Kind,
    index: Annotated[str, typer.Option(help="The index that is about to be committed.")] = "",
    objects: Annotated[str, typer.Option(help="Where the objects of a push are until it is taken.")] = "",
    branch: Annotated[list[str] | None, typer.Option(help="A branch to look at.")] = None,
    all_branches: Annotated[bool, typer.Option("--all-branches", help="Look at every branch.")] = False,
) -> None:
    """Look, as git has just asked a hook to. The exit code is 0 when git may go on.

    Examples:

        content-api hook run pre-push < updates
    """
    looks: dict[Kind, Callable[[], Iterator[Checked]]] = {
        Kind.PRE_COMMIT: lambda: before_commit(Path(index) if index else None),
        Kind.PRE_PUSH: lambda: before_push(pushed(sys.stdin.read())),
        Kind.PRE_RECEIVE: lambda: before_receive(
            received(sys.stdin.read()), Path(objects) if objects else None, wanted(branch or (), all_branches)
        ),
    }
    refused = [found for found in looks[kind]() if found.problems]
    for found in refused:
        as_text(found)
        typer.echo()
    if refused:
        typer.echo(ADVICE[kind])
        raise typer.Exit(1)


def before_commit(index: Path | None) -> Iterator[Checked]:
    """What is about to be committed: the index, which is not the work tree, against HEAD."""
    deadline = read_settings().git_deadline
    location = find_repository(HERE, deadline)
    assert location is not None, "git has run this in a repository"
    with staged(location, index or location.git_directory / "index", UNKNOWN_MESSAGE, deadline) as found:
        yield at(found.commit, None, found.objects)


def before_push(updates: list[Update]) -> Iterator[Checked]:
    """Each branch that is about to be pushed, against what the other side has, if that is known here."""
    with open_repository(HERE) as repository:
        known = {each.old for each in updates if each.old and repository.resolve(each.old)}
    for each in updates:
        if each.ref.startswith(BRANCHES) and each.new:
            yield at(each.new, each.old if each.old in known else None, None)


def before_receive(updates: list[Update], objects: Path | None, is_wanted: Callable[[str], bool]) -> Iterator[Checked]:
    """Each branch that a push would move and that is wanted, against what it is now. Its objects are not ours yet."""
    for each in updates:
        if each.new and is_wanted(each.ref):
            yield at(each.new, each.old, objects)


def at(commit: str, old: str | None, objects: Path | None) -> Checked:
    """Everything that is wrong with a commit. Where nothing is committed yet, it says itself where its content is."""
    settings = read_settings()
    folder = settings.folder
    with open_repository(HERE, folder=folder, deadline=settings.git_deadline, objects=objects) as repository:
        if folder is None and repository.resolve("HEAD") is None:
            folder = repository.usual_folder(commit)
        against = parted(repository, old, commit) if old else None
    return checked(HERE, commit, against, folder=folder, objects=objects)


def parted(repository: GitRepository, old: str, commit: str) -> str:
    """The commit whose entities another must account for: where it parted from the old one, as for a server.

    For a rollback that is itself, for a rewritten branch what both have in common, and itself where that is nothing.
    What is in common is not known where history is cut: then it is the old one.
    """
    return repository.merge_base(old, commit) or (old if repository.is_shallow() else commit)


def wanted(branches: Collection[str], all_branches: bool) -> Callable[[str], bool]:
    """Which refs are looked at: every branch, those that are named, or the one that HEAD is, which is served."""
    if all_branches:
        return lambda ref: ref.startswith(BRANCHES)
    if branches:
        named = {f"{BRANCHES}{name.removeprefix(BRANCHES)}" for name in branches}
        return lambda ref: ref in named
    with open_repository(HERE) as repository:
        served = repository.head_branch()
    return lambda ref: ref == served


def received(lines: str) -> list[Update]:
    """What git tells a pre-receive hook: `OLD NEW REF`."""
    return [Update(ref, _id(old), _id(new)) for old, new, ref in (line.split(" ", 2) for line in lines.splitlines())]


def pushed(lines: str) -> list[Update]:
    """What git tells a pre-push hook: `LOCAL-REF LOCAL-ID REMOTE-REF REMOTE-ID`."""
    words = (line.rsplit(" ", 3) for line in lines.splitlines())
    return [Update(ref, _id(old), _id(new)) for _, new, ref, old in words]


def _id(found: str) -> str | None:
    return found if found.strip("0") else None
