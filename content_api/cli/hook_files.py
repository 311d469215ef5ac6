"""The files that git runs as hooks: ours, somebody else's, or none."""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from content_api.errors import RepositoryUnusable, SettingError

MARK = "# content-api hook: "
BACKUP = ".before-content-api"


class Kind(StrEnum):
    """When a hook looks."""

    PRE_COMMIT = "pre-commit"
    PRE_PUSH = "pre-push"
    PRE_RECEIVE = "pre-receive"


class Owner(StrEnum):
    """Whose a hook is, as it is told to a person."""

    NOBODY = "none"
    OURS = "ours"
    OTHER = "somebody else's"


# Kind -> what git tells it in variables, as the options that `content-api hook run` takes it by; and what can be done
# without the hook.
OPTIONS = {
    Kind.PRE_COMMIT: '--index "${GIT_INDEX_FILE:-}"',
    Kind.PRE_PUSH: "",
    Kind.PRE_RECEIVE: '--objects "${GIT_QUARANTINE_PATH:-}"',
}
BYPASS = {
    Kind.PRE_COMMIT: "`git commit --no-verify` commits without the check.",
    Kind.PRE_PUSH: "`git push --no-verify` pushes without the check.",
    Kind.PRE_RECEIVE: "Nothing was taken. Tell whoever looks after this repository.",
}

SCRIPT = """#!/bin/sh
{mark}{kind}
# Written by `content-api hook install`, and removed by `content-api hook uninstall`. Changes here are lost.
python={python}
{variables}if ! "$python" -P -c 'import content_api' 2>/dev/null; then
  echo "content-api, which checks the content, is no longer at $python." >&2
  echo "Install it again and run \\`content-api hook install\\`, or remove the file $0." >&2
  echo {bypass} >&2
  exit 1
fi
exec "$python" -P -c 'from content_api.cli import main; main()' hook run {kind}{options}
"""


@dataclass(frozen=True, slots=True)
class HookFile:
    """One hook of a repository, there or not."""

    kind: Kind
    path: Path

    @property
    def backup(self) -> Path:
        return self.path.with_name(self.path.name + BACKUP)

    def read(self) -> str:
        """What is in it; a broken link is somebody else's, and empty."""
        try:
            return self.path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""

    @property
    def owner(self) -> Owner:
        if not os.path.lexists(self.path):
            return Owner.NOBODY
        return Owner.OURS if f"\n{MARK}" in self.read() else Owner.OTHER

    def refuse_to_lose(self, force: bool) -> None:
        """Raise SettingError where installing would lose what somebody has written."""
        if self.owner is not Owner.OTHER:
            return
        if not force:
            raise SettingError(
                f"There is a {self.kind} hook already, and it is not ours: {self.path}. With --force it is kept as"
                f" {self.backup.name}, and comes back with `content-api hook uninstall`"
            )
        if os.path.lexists(self.backup):
            raise SettingError(f"{self.backup} is in the way: another hook has been kept there. Move it first")

    def install(self, text: str) -> None:
        """Write the hook, whole or not at all. Somebody else's is put aside."""
        with told_plainly(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(
                "w", encoding="utf-8", dir=self.path.parent, prefix=".", delete=False
            ) as new:
                new.write(text)
            written = Path(new.name)
            try:
                written.chmod(0o755)
                if self.owner is Owner.OTHER:
                    self.path.rename(self.backup)
                written.replace(self.path)
            finally:
                written.unlink(missing_ok=True)

    def uninstall(self) -> bool:
        """Remove the hook if it is ours, bring back what it had put aside, and tell whether there was one."""
        if self.owner is not Owner.OURS:
            return False
        with told_plainly(self.path):
            if os.path.lexists(self.backup):
                self.backup.replace(self.path)
            else:
                self.path.unlink()
        return True


def script(kind: Kind, options: Sequence[str], folder: str | None) -> str:
    """The hook's text. It names this Python, in whose environment content-api is.

    `-P` keeps Python from importing what stands in the folder where git runs the hook: what is checked is not trusted.
    """
    words = [*([OPTIONS[kind]] if OPTIONS[kind] else []), *map(shlex.quote, options)]
    return SCRIPT.format(
        mark=MARK,
        kind=kind,
        python=shlex.quote(sys.executable),
        variables=f"export CONTENT_API_FOLDER={shlex.quote(folder)}\n" if folder is not None else "",
        bypass=shlex.quote(BYPASS[kind]),
        options="".join(f" {word}" for word in words),
    )


@contextmanager
def told_plainly(path: Path) -> Iterator[None]:
    """Make what the operating system refuses an error that names the file and the remedy."""
    try:
        yield
    except OSError as error:
        raise RepositoryUnusable(
            f"{path} cannot be written: {error.strerror}. Run this as the user that the repository belongs to"
        ) from None
