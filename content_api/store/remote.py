"""A remote repository: how it may be named, what git is told to reach it, and what its complaints mean."""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from content_api.errors import RemoteUnreachable, RepositoryUnusable, SettingError, StoreError, without_password
from content_api.store.process import essence

# Until a remote must have answered a small question. A busy host takes two or three seconds.
CONNECT_SECONDS = 15.0
# How long it may say nothing while it sends. A host that packs a large repository reports progress all the while.
SILENCE_SECONDS = 60.0
# One fetch in all. A repository of 200 MB takes two minutes at 15 Mbit/s, and the first fetch takes all of it.
FETCH_SECONDS = 600.0

_SLOW = 1_000  # bytes a second; below that for `silence_seconds`, a transfer over HTTP counts as silent
_HIDDEN = "***"
_FORMS = "https://host/path.git, ssh://user@host/path.git, user@host:path.git or file:///path.git"
_SCP = re.compile(r"(?:(?P<user>[\w.+-]+)@)?(?P<host>[A-Za-z0-9][\w.-]*|\[[0-9A-Fa-f:]+\]):(?P<path>[^\s:@][^\s@]*)")

# Scheme -> what git may speak on the way: nothing else, wherever a server or a configuration sends it.
_PROTOCOLS = {"https": "https", "http": "http:https", "ssh": "ssh", "file": "file"}


@dataclass(frozen=True, slots=True)
class Remote:
    """Where a repository is, without a secret in it, and what opens it. `read_remote` makes one of what people write.

    `ca` is a file of the certificate authorities to trust instead of the machine's own.
    """

    address: str
    user: str | None = None
    token: str | None = field(default=None, repr=False)
    ssh_key: Path | None = None
    known_hosts: Path | None = None
    ca: Path | None = None
    connect_seconds: float = CONNECT_SECONDS
    silence_seconds: float = SILENCE_SECONDS
    fetch_seconds: float = FETCH_SECONDS

    @property
    def scheme(self) -> str:
        return self.address.partition("://")[0] if "://" in self.address else "ssh"

    def options(self) -> list[str]:
        """What git is told on its command line. There is no secret in it: every user of the machine can read that."""
        slow = [f"http.lowSpeedLimit={_SLOW}", f"http.lowSpeedTime={max(1, round(self.silence_seconds))}"]
        told = ["core.hooksPath=/dev/null", *slow]
        return [word for each in told for word in ("-c", each)]

    def environment(self) -> dict[str, str]:
        """The environment of a git that may reach this remote, and nothing else.

        Git's own variables are left out, all of them: they redirect it, turn off checks of certificates, or trace
        secrets into the log.
        """
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "SSH_ASKPASS"))}
        return inherited | _FIXED | self._configuration() | self._secrets() | self._ways()

    def redacted(self, text: str) -> str:
        """Text from git, without our secret: a server may send back what it was given."""
        for secret in (self.token, self.token and quote(self.token, safe="")):
            text = text.replace(secret, _HIDDEN) if secret else text
        return text

    def failure(self, complaint: str) -> StoreError:
        """What git's complaint stands for: what happened, where, and what the operator can do."""
        says = f"Git says: {self.redacted(essence(complaint))}"
        for pattern, kind, remedy in _COMPLAINTS:
            if re.search(pattern, complaint):
                return kind(f"{self.address} {remedy}. {says}")
        return RemoteUnreachable(f"{self.address} could not be fetched. {says}")

    def _configuration(self) -> dict[str, str]:
        # A local repository is opened by a git of its own, which asks the user's configuration for `safe.directory`.
        if self.scheme == "file":
            return {name: os.environ[name] for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM") if name in os.environ}
        return {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}

    def _secrets(self) -> dict[str, str]:
        """A credential helper that hands out the token from its environment, to this host alone.

        A header of our own (`http.extraHeader`) was refused: it would need the token's encoded form in git's
        configuration, and git sends it before anybody has asked.
        """
        if self.token is None:
            return {}
        host = "{0.scheme}://{0.netloc}".format(urlsplit(self.address))
        return {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"credential.{host}.helper",
            "GIT_CONFIG_VALUE_0": _HELPER,
            "REMOTE_USER": self.user or "git",
            "REMOTE_TOKEN": self.token,
        }

    def _ways(self) -> dict[str, str]:
        ways = {"GIT_ALLOW_PROTOCOL": _PROTOCOLS[self.scheme], "GIT_SSH_COMMAND": shlex.join(self._ssh())}
        return ways | ({"GIT_SSL_CAINFO": str(self.ca)} if self.ca else {})

    def _ssh(self) -> list[str]:
        options = {
            "BatchMode": "yes",
            "ConnectTimeout": max(1, round(self.connect_seconds)),
            "StrictHostKeyChecking": "yes",  # a host that nobody vouched for could serve whatever it likes
            "ServerAliveInterval": max(1, round(self.silence_seconds / 3)),
            "ServerAliveCountMax": 3,
            "ControlMaster": "no",  # it would outlive the fetch
        }
        if self.known_hosts:
            options["UserKnownHostsFile"] = _quoted(self.known_hosts)
        key = ["-i", str(self.ssh_key), "-o", "IdentitiesOnly=yes"] if self.ssh_key else []
        return ["ssh", *(word for name, value in options.items() for word in ("-o", f"{name}={value}")), *key]


_HELPER = """!f() { printf 'username=%s\\npassword=%s\\n' "$REMOTE_USER" "$REMOTE_TOKEN"; }; f"""
_FIXED = {
    "GIT_TERMINAL_PROMPT": "0",  # never ask a person for anything
    "GIT_SSH_VARIANT": "ssh",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "LC_ALL": "C",  # the messages below are matched in English
}

# What git says -> which error it is, what that means and what the operator can do. The first row that matches wins.
_COMPLAINTS: tuple[tuple[str, type[StoreError], str], ...] = (
    (
        r"No space left on device|Disk quota exceeded|File too large|signal 25",
        RemoteUnreachable,
        "was not fetched: the disk of the cache is full, or a limit on the size of files is reached. Make room; what"
        " was fetched before is served",
    ),
    (
        r"Host key verification failed|HOST IDENTIFICATION HAS CHANGED",
        RemoteUnreachable,
        "has a host key that is not known. If it is the right one, add it: `ssh-keyscan HOST >> known_hosts`, and name"
        " that file with CONTENT_API_SSH_KNOWN_HOSTS",
    ),
    (
        r"Permission denied \(|Too many authentication failures|Load key",
        RemoteUnreachable,
        "does not accept our key. Name another with CONTENT_API_SSH_KEY, and let the host know its public half",
    ),
    (
        r"could not read (Username|Password)|Authentication failed|Access denied|returned error: 40[13]",
        RemoteUnreachable,
        "asks for credentials, or refuses those that it was given. Set CONTENT_API_REPOSITORY_USER and"
        " CONTENT_API_REPOSITORY_TOKEN, and see that they may read it",
    ),
    (
        r"certificate|CAfile",
        RemoteUnreachable,
        "shows a certificate that is not trusted. If your own authority has signed it, name that one's file with"
        " CONTENT_API_REPOSITORY_CA",
    ),
    (
        r"Could not resolve (host|proxy)|Name or service not known|Temporary failure in name resolution",
        RemoteUnreachable,
        "has a host whose address cannot be found. See whether its name is written as it should be, and the network",
    ),
    (
        r"returned error: 404|[Rr]epository .*not found|not appear to be a git repository|'.*' does not exist",
        RemoteUnreachable,
        "is no repository, or not for these credentials. See whether the address is right",
    ),
    (
        r"Operation too slow|timed out|Timeout|returned error: 5\d\d|Connection (refused|reset|closed)"
        r"|Failed to connect|Could ?n.t connect|Empty reply|unreachable|No route|hung up|unexpected disconnect"
        r"|early EOF|RPC failed",
        RemoteUnreachable,
        "cannot be reached, or the connection was cut. It is tried again; see the network and the host if that lasts",
    ),
    (
        r"transport '\w+' not allowed|Protocol \S+ (not supported|disabled)",
        RemoteUnreachable,
        "leads to another protocol, which is not followed. Give the address that it leads to",
    ),
    (
        r"dubious ownership",
        RepositoryUnusable,
        "belongs to another user, so git will not read it. If you trust it, run"
        " `git config --global --add safe.directory PATH` as the user that serves it",
    ),
    (
        r"Permission denied|Read-only file system|insufficient permission|unable to create|cannot create",
        RepositoryUnusable,
        "was not fetched: the cache cannot be written. Give the user that serves it the right to, or name another"
        " folder with CONTENT_API_CACHE",
    ),
    (
        r"fsck error|in fsck|[a-f0-9]{40}: \w+:",
        RemoteUnreachable,
        "holds an object that is not well formed, so nothing of it was taken. `git fsck` there says more",
    ),
)


def read_remote(
    address: str, *, user: str | None = None, token: str | None = None, **others: Path | float | None
) -> Remote:
    """A Remote of an address as people write it; a `user:password@` in it is taken out of it.

    `others` are further fields of Remote. Raises SettingError, which never shows a password.
    """
    if re.search(r"[\x00-\x20\x7f]", address) or re.search(r"[\x00-\x1f\x7f]", f"{user or ''}{token or ''}"):
        raise SettingError(
            "The address of the remote repository, its user and token may not have control characters, nor the"
            " address a space. Write a space as %20"
        )
    place, own_user, own_token = _taken_apart(address)
    absolute = {
        name: value.expanduser().absolute() if isinstance(value, Path) else value for name, value in others.items()
    }
    found = Remote(place, user or own_user, token or own_token, **absolute)  # type: ignore[arg-type]
    if found.token and found.scheme not in ("https", "http"):
        raise SettingError(f"{place} is not opened by a token or password, but by a key: CONTENT_API_SSH_KEY")
    return found


def _taken_apart(address: str) -> tuple[str, str | None, str | None]:
    """The address without secrets, and the user and password that were in it."""
    scheme = address.partition("://")[0].lower()
    if "://" not in address and (match := _SCP.fullmatch(address)):
        return address, match["user"], None
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port  # which raises for a port that is no number
    except ValueError:  # its own words may hold a part of the password
        raise SettingError(
            f"{without_password(address)!r} is no address of a remote repository. It should be like {_FORMS}"
        ) from None
    if scheme not in _PROTOCOLS or "://" not in address or parts.query or parts.fragment:
        raise SettingError(
            f"{without_password(address)!r} is no address of a remote repository. It should be like {_FORMS}. A"
            " repository on this machine is named with CONTENT_API_CONTENT, by its path"
        )
    if (host is None) != (scheme == "file") or (host or "").startswith("-") or not parts.path.strip("/"):
        raise SettingError(f"{without_password(address)!r} has no host or no path. It should be like {_FORMS}")
    own_user, own_password = (unquote(part) if part else None for part in (parts.username, parts.password))
    keeps_user = f"{parts.username}@" if scheme == "ssh" and parts.username else ""
    bare_host = parts.netloc.rpartition("@")[2]
    return f"{scheme}://{keeps_user}{bare_host}{parts.path}", own_user, own_password


def _quoted(path: Path) -> str:
    """A path as ssh reads it in an option: in double quotes, as a space would part two files."""
    return f'"{path}"' if " " in str(path) else str(path)
