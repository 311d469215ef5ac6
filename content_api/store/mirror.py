"""A remote repository as a bare mirror on this machine: fetched whole or not at all, readable without network.

mirror = open_remote(remote, cache)
if not mirror.prepare():    # there is nothing to serve yet
    mirror.fetch()
open_repository(mirror.path)
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import structlog

from content_api.errors import ObjectUnreadable, RemoteUnreachable
from content_api.store.cache import CacheFolder, Stamp, cache_folder, remove
from content_api.store.process import Commands, Finished, essence
from content_api.store.refs import PRIVATE, TAGS
from content_api.store.remote import Remote
from content_api.store.supervise import SaidTooMuch, TookTooLong, supervised

log = structlog.get_logger("content_api.store")

_MIRRORED = ("refs/heads/", TAGS)
_REFSPECS = [f"+{under}*:{under}*" for under in _MIRRORED]  # `+`: a branch may be pushed by force, a tag moved
_FETCH = ["--prune", "--no-tags", "--no-auto-gc", "--no-write-fetch-head", "--no-recurse-submodules", "--progress"]

# A commit is dated and signed by whatever clock and name an editor's machine has; it is shown as it is. Everything
# else that is malformed keeps a fetch from being taken.
_LENIENT = (
    *("badDate", "badDateOverflow", "badEmail", "badName", "badTimezone", "missingEmail", "missingNameBeforeEmail"),
    *("missingSpaceBeforeDate", "missingSpaceBeforeEmail", "zeroPaddedDate"),
)
_CHECKED = ["fetch.fsckObjects=true", *(f"fetch.fsck.{name}=ignore" for name in _LENIENT), "gc.autoDetach=false"]

# What git says when it is our mirror that is broken.
_DAMAGE = re.compile(
    r"object file .* is empty|is corrupt|bad object|broken ref|reference broken|cannot be accessed|does not match index"
    r"|inflate:|index file .* is too small|bad signature|not a git repository|unable to (read|parse|find) \w+"
    r"|unable to resolve reference|missing (blob|tree|commit)|did not send all necessary objects|unresolved delta"
    r"|file is too short|is far too short|bad config"
)

# Limit that was broken -> what happened, and the setting that gives more.
_LIMITS = {
    "overall": ("had not been fetched after {0:g} seconds", "CONTENT_API_FETCH_SECONDS"),
    "silence": ("sent nothing for {0:g} seconds", "CONTENT_API_SILENCE_SECONDS"),
    "connect": ("gave no answer for {0:g} seconds", "CONTENT_API_CONNECT_SECONDS"),
}


@dataclass(frozen=True, slots=True)
class Advertised:
    """What a remote says it has: full name of each branch and tag -> object id, and the branch that HEAD is."""

    refs: Mapping[str, str]
    head: str | None

    @property
    def object_format(self) -> str:
        return "sha256" if any(len(found) == 64 for found in self.refs.values()) else "sha1"


class Mirror:
    """The mirror of one remote. Safe to share between threads and processes: one of them fetches at a time."""

    def __init__(self, remote: Remote, folder: CacheFolder) -> None:
        self.remote = remote
        self._folder = folder
        self._commands = Commands()

    @property
    def path(self) -> Path:
        """The bare repository. It stays where it is, whatever happens to what is in it."""
        return self._folder.mirror

    def prepare(self) -> bool:
        """Tell whether there is something to serve. Needs no network, and writes nothing where all is well.

        Where it is False there may be no repository yet: `fetch` makes it.
        """
        with self._folder.told_plainly():
            if not self._refs(self.path):
                if not self._folder.path.exists():
                    return False
                with self._alone():
                    self._folder.heal()
            return bool(self._refs(self.path))

    def fetch(self) -> None:
        """Bring the mirror up to date. Raises a StoreError that says what is wrong; then all that was there stays.

        A process that had to wait for another's fetch, begun after it was asked itself, is content with that.
        """
        asked = time.time_ns()
        with self._alone() as stamp:
            if stamp.read() > asked:
                return
            began = time.time_ns()
            self._folder.heal()
            self._bring_up_to(self._advertised())
            stamp.write(began)

    def renew(self) -> None:
        """Clone the remote again and exchange the mirror for that: for one that has an object or a pack damaged."""
        with self._alone():
            self._folder.heal()
            self._renew(self._advertised())

    def tidy(self) -> None:
        """Let git pack the mirror if it has grown untidy. It can take a minute: call it when nothing waits."""
        with self._alone():
            self._folder.sweep()
            began = time.time()
            finished = self._run("gc", "--auto", "--quiet", at=self.path, silence=self.remote.fetch_seconds)
            if finished.code:
                self._folder.sweep(since=began)
        if finished.code:
            log.warning("mirror not tidied", mirror=str(self.path), reason=essence(finished.complaint))

    def end(self) -> None:
        """End what git does here now, and let nothing more be done. What was there before it stays."""
        self._commands.end_all()

    def _alone(self) -> AbstractContextManager[Stamp]:
        return self._folder.alone(self.remote.fetch_seconds, self._commands.over)

    def _advertised(self) -> Advertised:
        """Ask the remote what it has."""
        seconds = self.remote.connect_seconds
        patterns = ["HEAD", *(f"{under}*" for under in _MIRRORED)]
        arguments = ["ls-remote", "--symref", "--", self.remote.address, *patterns]
        finished = self._run(*arguments, silence=seconds, overall=seconds, limit="connect")
        if finished.code:
            raise self.remote.failure(finished.complaint)
        return _read(finished.output.decode("utf-8", "surrogateescape"))

    def _bring_up_to(self, advertised: Advertised) -> None:
        present = self._refs(self.path)
        if not present or _digits(present) != _digits(advertised.refs or present):
            return self._renew(advertised)
        if present != advertised.refs:
            self._folder.sweep()
            try:
                self._fetch_into(self.path)
            except ObjectUnreadable as error:
                log.warning("mirror cloned again", mirror=str(self.path), reason=str(error))
                return self._renew(advertised)
        self._follow_head(self.path, advertised)
        return None

    def _renew(self, advertised: Advertised) -> None:
        new = self._folder.new
        remove(new)
        try:
            self._local(
                "init", "--quiet", "--bare", "--template=", "--initial-branch=main",
                f"--object-format={advertised.object_format}", str(new), at=None,
            )  # fmt: skip
            self._fetch_into(new)
            self._follow_head(new, advertised)
            self._bring_along(new)
            self._folder.exchange()
        finally:
            remove(new)  # there is something only after a failure

    def _fetch_into(self, place: Path) -> None:
        """Fetch all branches and tags. Raises ObjectUnreadable when it is the mirror that is broken."""
        began = time.time()
        try:
            finished = self._run("fetch", *_FETCH, "--", self.remote.address, *_REFSPECS, at=place)
            if finished.code and _DAMAGE.search(finished.complaint):
                raise ObjectUnreadable(f"The mirror {place} is damaged. Git says: {essence(finished.complaint)}")
            if finished.code:
                raise self.remote.failure(finished.complaint)
        except BaseException:  # a signal that ends the server, too
            self._folder.sweep(since=began)
            raise

    def _follow_head(self, place: Path, advertised: Advertised) -> None:
        """Make HEAD the branch that it is at the remote, where it is one there."""
        if advertised.head in advertised.refs and self._symbolic_head(place) != advertised.head:
            self._local("symbolic-ref", "HEAD", str(advertised.head), at=place)

    def _symbolic_head(self, place: Path) -> str:
        return self._run("symbolic-ref", "--quiet", "HEAD", at=place).output.decode().strip()

    def _bring_along(self, new: Path) -> None:
        """Take our own refs over from the old mirror, each for itself: what it pins may be what is damaged."""
        for ref in self._refs(self.path, PRIVATE) or ():
            arguments = ("fetch", *_FETCH[1:], "--", str(self.path), f"+{ref}:{ref}")
            if (finished := self._run(*arguments, at=new, protocol="file")).code:
                log.warning("version lost with the old mirror", ref=ref, reason=essence(finished.complaint))

    def _refs(self, place: Path, *under: str) -> dict[str, str] | None:
        """The refs of a mirror with their ids; None where there is no repository that git can read."""
        if not place.exists():
            return None
        format = "--format=%(objectname) %(refname)"
        finished = self._run("for-each-ref", format, *(under or _MIRRORED), at=place)
        lines = finished.output.decode("utf-8", "surrogateescape").splitlines()
        return None if finished.code else {name: found for found, name in (line.split(" ", 1) for line in lines)}

    def _local(self, *arguments: str, at: Path | None) -> None:
        """Run what can fail for want of room or of rights only."""
        finished = self._run(*arguments, at=at)
        if finished.code:
            raise self.remote.failure(finished.complaint)

    def _run(
        self,
        *arguments: str,
        at: Path | None = None,
        silence: float | None = None,
        overall: float | None = None,
        limit: str | None = None,
        protocol: str | None = None,
    ) -> Finished:
        """Run git, within the limits of the remote if no others are given. Raises RemoteUnreachable past them."""
        where = [f"--git-dir={at}"] if at else []
        checked = [word for each in _CHECKED for word in ("-c", each)]
        environment = self.remote.environment() | ({"GIT_ALLOW_PROTOCOL": protocol} if protocol else {})
        try:
            return supervised(
                [*self.remote.options(), *checked, *where, *arguments],
                environment,
                silence=silence or self.remote.silence_seconds,
                overall=overall or self.remote.fetch_seconds,
                commands=self._commands,
            )
        except TookTooLong as late:
            happened, setting = _LIMITS[limit or late.limit]
            raise RemoteUnreachable(
                f"{self.remote.address} {happened.format(late.seconds)} and was given up. See the network and the host;"
                f" {setting} gives a slow one more time"
            ) from None
        except SaidTooMuch as error:
            raise RemoteUnreachable(
                f"{self.remote.address} was given up: {error}. That is no list of branches"
            ) from None


def open_remote(remote: Remote, cache: Path) -> Mirror:
    """The mirror of a remote in a cache folder, neither of which need be there. Touches neither disk nor network."""
    return Mirror(remote, cache_folder(cache, remote.address))


def _read(output: str) -> Advertised:
    """What `git ls-remote --symref` printed."""
    refs, head = {}, None
    for what, name in _lines(output):
        if what.startswith("ref: ") and name == "HEAD":
            head = what.removeprefix("ref: ")
        elif name.startswith(_MIRRORED) and not name.endswith("^{}"):
            refs[name] = what
    return Advertised(refs, head)


def _lines(output: str) -> Iterator[tuple[str, str]]:
    for line in output.splitlines():
        what, tab, name = line.partition("\t")
        if tab:
            yield what, name


def _digits(refs: Mapping[str, str]) -> int:
    return len(next(iter(refs.values())))
