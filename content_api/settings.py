"""The settings: every `CONTENT_API_*` variable, and what it may be. The environment is read here and nowhere else."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from content_api.bounds import ContentBounds, QuestionBounds, SocketBounds, WaitingBounds
from content_api.content.suggest import suggestion
from content_api.delivery.reuse import KEPT_BYTES
from content_api.errors import SettingError, without_password
from content_api.store.remote import CONNECT_SECONDS, FETCH_SECONDS, SILENCE_SECONDS, Remote, read_remote

PREFIX = "CONTENT_API_"
ORIGIN = re.compile(r"^(\*|https?://[^/\s*]+)$")
ADDRESS = re.compile(r"https?://(\[[0-9a-fA-F:.]+\]|[\w.-]+)(:\d{1,5})?(/[^\s,]*)?", re.ASCII)
BRANCHES = re.compile(r"(?!refs/|[/-])[^\s~^:\\]{1,255}")
ELSEWHERE = re.compile(r"\w+:/")  # of a path one of the slashes of an address is left
TOKEN_NAME = re.compile(r"[A-Za-z0-9][\w.@+-]{0,63}", re.ASCII)
TOKEN = re.compile(f"{TOKEN_NAME.pattern}:[0-9a-f]{{64}}", re.ASCII)
List = Annotated[tuple[str, ...], NoDecode]  # of the environment, where pydantic-settings would want JSON
# Sixteen random letters cannot be guessed by asking a server. After `whsec_` comes base64, as Standard Webhooks has it.
HOOK_SECRET = re.compile(r"(?!whsec_)[^\s,]{16,}|whsec_(?:[A-Za-z0-9+/]{4}){4,}(?:[A-Za-z0-9+/]{2,3})?={0,2}")


class Settings(SocketBounds, WaitingBounds, QuestionBounds, ContentBounds, BaseSettings):
    """Each field is the variable `CONTENT_API_<FIELD>`; what the command line gives goes before it.

    docs/reference/settings.md is rendered from the docstrings below them.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,  # NAME= in a unit file or a compose file means that nobody chose
        frozen=True,
        extra="forbid",
    )

    content: Path | None = None
    """Where the content is: a folder, or a repository whose content stands in `content/` or at its top, bare or not.
    If not given: `content/` in the current directory, or the current directory when `site.json` is in it."""
    repository: SecretStr | None = None
    """A repository on another machine, in place of `CONTENT_API_CONTENT`: `https://host/path.git`,
    `ssh://user@host/path.git`, `user@host:path.git` or `file:///path.git`. It is mirrored into the cache."""
    repository_user: str | None = None
    """The user of a repository over https. If not given, `git`: most hosts look at the token alone."""
    repository_token: SecretStr | None = None
    """The token or password of a repository over https. It is shown nowhere; over plain http it can be overheard."""
    repository_ca: Path | None = None
    """A file with the certificate authorities to trust for a repository over https, in place of the machine's own."""
    ssh_key: Path | None = None
    """The private key for a repository over ssh, without a passphrase. If not given, what ssh finds by itself."""
    ssh_known_hosts: Path | None = None
    """The file of host keys for a repository over ssh. If not given, those of the user. A host in neither is
    refused."""
    cache: Path | None = None
    """Where the mirror of a repository on another machine is kept. If not given: `content-api` in `XDG_CACHE_HOME`, or
    in `~/.cache`."""
    connect_seconds: Annotated[float, Field(gt=0, le=3600)] = CONNECT_SECONDS
    """Seconds that a repository on another machine has for a first, small answer."""
    silence_seconds: Annotated[float, Field(gt=0, le=3600)] = SILENCE_SECONDS
    """Seconds that it may send nothing, or next to nothing, during a fetch."""
    fetch_seconds: Annotated[float, Field(gt=0, le=86_400)] = FETCH_SECONDS
    """Seconds that one fetch may take in all. The first fetches everything."""
    hook_secrets: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    """Secrets that sign calls of `/hooks/git`, with commas between: any of them is good, so that one can be exchanged
    for another. At least 16 characters each; `whsec_…` is read as base64. Without one, `/hooks/git` is closed."""
    folder: str | None = None
    """The content's folder inside the repository, such as `docs/content`. If not given it is found by `site.json`."""
    ref: str | None = None
    """The branch, tag or commit to serve. If not given: what is checked out, as it is committed."""
    poll_seconds: Annotated[float | None, Field(ge=0.1, le=3600)] = None
    """Seconds between two looks at the branch that is served. If not given: 1, or 30 for a repository on another
    machine. A hook has it looked at without waiting."""
    fast_forward_only: bool = False
    """Refuse a branch that was rewritten, until it descends again from what is live. If not set, the tip of the branch
    is content like any other, and the log says that it was no fast-forward."""
    kept_versions: Annotated[int, Field(ge=0, le=1000)] = 8
    """How many versions stay in memory beside the live one. One of 50,000 entities takes 60 MB when little differs, 300
    MB when everything does."""
    answer_bytes: Annotated[int, Field(ge=0, le=100_000_000_000)] = KEPT_BYTES
    """Memory for answers that are kept, with their compressed forms, as long as what is live stays; 0 keeps none. What
    is kept is sent again without being made again. The usual value holds 1,500 pages of 20 kB."""
    plans: bool = True
    """Compile operations that come again. Without it graphql-core's executor answers all of them, with the same answers
    and many times as slowly: to find out whether a plan is to blame for something."""
    purge_urls: List = ()
    """Caches in front that are told what to drop, with commas between: `http://127.0.0.1:6081/`. After each publication
    a `PURGE` with the tags in `Cache-Tag` goes to each."""
    working_tree: bool = False
    """Serve the files as they stand, committed or not: for an editor's preview."""
    reload: bool = False
    """Serve files as they are saved, with `working_tree` or in a folder outside git. Commits are always followed."""
    host: str = "127.0.0.1"
    """The address to listen on. This machine alone, unless told otherwise; `0.0.0.0` is every IPv4 network."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    """The port to listen on; 0 takes one that is free."""
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    """How many processes answer. Each holds the content in its own memory; more than the cores there are is waste."""
    counts: Path | None = None
    """An empty folder in which the workers of one server write what they count, so that `/metrics` of any of them has
    all of it. `content-api serve` makes one; name one for another program that starts workers."""
    cors_origins: List = ("*",)
    """Whose pages may call from a browser, with commas between: `https://example.org,https://app.example.org`. `*` is
    everybody's: what is served is public."""
    preview_branches: List = ()
    """Which branches can be previewed, drafts included, by those with a token: names in which `*` stands for any
    characters, slashes too, with commas between: `review/*,next`. If not set there are no previews."""
    preview_tokens: Annotated[List, Field(repr=False)] = ()
    """Who may see previews: `NAME:HASH` as `content-api token NAME` prints it, with commas between. If not set there
    are no previews."""
    operations: Path | None = None
    """The folder of stored documents, `<Name>.graphql` for each operation, read once when the server starts. If not
    given: those that come with content-api, in `schema/operations/`."""
    trusted_only: bool = False
    """Answer stored documents and no others. Introspection and GraphiQL are then closed; `/schema.graphql` is not."""
    proxies: List = ()
    """Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed: addresses or networks with commas between,
    such as `127.0.0.1,10.0.0.0/8`. If not set, nobody's are, and behind a proxy all clients have its address."""
    log_format: Literal["auto", "console", "json"] = "auto"
    """How the log is written, on standard error: for a person, or as JSON lines. `auto` is for a person at a terminal
    and JSON elsewhere."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """What is logged: this and everything graver."""
    log_requests: Literal["all", "failed", "none"] = "all"
    """Which requests have a line in the log: `failed` are those with an error, in the status or in the answer. A line
    has 400 bytes, and takes 2 µs of the 15 that the quickest answer does."""
    git_deadline: Annotated[float, Field(gt=0, le=3600)] = 30.0
    """Seconds until git is taken to hang and is ended. Git answers in milliseconds; a disk that wakes up takes ten
    seconds."""

    @field_validator(
        "cors_origins",
        "hook_secrets",
        "preview_branches",
        "preview_tokens",
        "proxies",
        "purge_urls",
        mode="before",
    )
    @classmethod
    def split(cls, value: Any) -> Any:
        """A list of the environment is plain text here: pydantic-settings would want it as JSON."""
        return tuple(filter(None, (part.strip() for part in value.split(",")))) if isinstance(value, str) else value

    @field_validator("cors_origins")
    @classmethod
    def each_an_origin(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [origin for origin in value if not ORIGIN.match(origin)]
        if wrong or not value:
            raise ValueError("origins such as https://example.org, without a path, with commas between, or *")
        return value

    @field_validator("proxies")
    @classmethod
    def each_a_network(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            try:
                ip_network(one)
            except ValueError as error:
                wanted = "addresses or networks such as 127.0.0.1,10.0.0.0/8, with commas between"
                raise ValueError(f"{wanted}; {without_password(str(error))}") from None
        return value

    @field_validator("content")
    @classmethod
    def on_this_machine(cls, value: Path | None) -> Path | None:
        if value is not None and ELSEWHERE.match(str(value)):
            raise ValueError(f"a path on this machine; an address belongs into {variable('repository')}")
        return value

    @field_validator("purge_urls")
    @classmethod
    def each_an_address(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(map(ADDRESS.fullmatch, value)):
            raise ValueError("addresses such as http://127.0.0.1:6081/, without a user, with commas between")
        return value

    @field_validator("hook_secrets")
    @classmethod
    def each_long_enough(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if not all(HOOK_SECRET.fullmatch(secret.get_secret_value()) for secret in value):
            raise ValueError(
                "secrets of at least 16 characters, without spaces, with commas between; after `whsec_` comes base64."
                " `openssl rand -hex 32` prints a good one"
            )
        return value

    @model_validator(mode="after")
    def one_place(self) -> Self:
        if self.content is not None and self.repository is not None:
            both = f"{variable('content')} and {variable('repository')} are both given"
            raise ValueError(f"{both}: only one of them says where the content is. Give the other up")
        _ = self.remote  # which raises for what is no address, before anything is begun
        return self

    @property
    def remote(self) -> Remote | None:
        """The repository on another machine, and what opens it. Raises SettingError for what is no address of one."""
        if self.repository is None:
            return None
        return read_remote(
            self.repository.get_secret_value(),
            user=self.repository_user,
            token=self.repository_token.get_secret_value() if self.repository_token else None,
            ca=self.repository_ca,
            ssh_key=self.ssh_key,
            known_hosts=self.ssh_known_hosts,
            connect_seconds=self.connect_seconds,
            silence_seconds=self.silence_seconds,
            fetch_seconds=self.fetch_seconds,
        )

    @property
    def cache_folder(self) -> Path:
        """Where mirrors are kept."""
        base = os.environ.get("XDG_CACHE_HOME", "")
        # The specification of XDG_CACHE_HOME says that a relative path there is to be ignored.
        return self.cache or (Path(base) if base.startswith("/") else Path.home() / ".cache") / "content-api"

    @field_validator("preview_branches")
    @classmethod
    def each_a_pattern(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(map(BRANCHES.fullmatch, value)):
            raise ValueError("names of branches such as review/*, without refs/heads/, with commas between")
        return value

    @field_validator("preview_tokens")
    @classmethod
    def each_a_hash(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for place, one in enumerate(value, start=1):
            if not TOKEN.fullmatch(one):
                wanted = "NAME:HASH for each token, as `content-api token NAME` prints it, with commas between"
                raise ValueError(f"{wanted}; number {place} is not")
        names = [one.partition(":")[0] for one in value]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"one hash for each name; {twice} has several")
        return value


def read_settings(**given: Any) -> Settings:
    """The settings: what is `given`, then the environment, then what each is if nobody says.

    Raises SettingError with a line for each that cannot be used.
    """
    try:
        return Settings(**given)
    except ValidationError as error:
        raise SettingError("\n".join(map(_in_one_line, error.errors()))) from None


def unknown_variables(environment: Mapping[str, str] = os.environ) -> Iterator[str]:
    """A warning for each variable that looks like a setting and is none: a slip of the pen would go unseen."""
    known = [name.upper() for name in Settings.model_fields]
    for name in environment:
        prefix, rest = name[: len(PREFIX)].upper(), name[len(PREFIX) :]
        if prefix == PREFIX and rest.upper() not in known:
            hint = suggestion(rest, known)  # without the prefix, which would make them all alike
            yield f"{name} is not a setting." + (f" {hint.replace('`', f'`{PREFIX}', 1)}" if hint else "")


def hand_down(settings: Settings) -> None:
    """Put the settings into the environment, for worker processes that will read them from there."""
    for name in settings.model_fields_set:
        value = getattr(settings, name)
        os.environ[variable(name)] = "" if value is None else in_environment(value)


def in_environment(value: Any) -> str:
    """A setting's value as a variable holds it; a secret as it is, for there it is read from."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    text = ",".join(map(in_environment, value)) if isinstance(value, tuple) else str(value)
    return text.lower() if isinstance(value, bool) else text


def variable(name: str) -> str:
    """The variable that a field is read from."""
    return PREFIX + name.upper()


def _in_one_line(error: ErrorDetails) -> str:
    expected = error["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    if not error["loc"]:  # what is wrong between two settings; its input is all of them
        return expected
    name = str(error["loc"][0])
    found = "not shown here" if _is_secret(name) else f"{shown(error['input'])!r:.200}"
    return f"{variable(name)} is {found}: it should be {expected}"


def shown(value: Any) -> Any:
    """A value as an error may show it: somebody may have put an address with a password where none belongs."""
    return without_password(str(value)) if isinstance(value, str | Path) else value


def _is_secret(name: str) -> bool:
    """Whether a value may be a secret, or one that somebody put there by mistake, which `repr` leaves out."""
    field = Settings.model_fields.get(name)
    return field is not None and (not field.repr or SecretStr in (field.annotation, *get_args(field.annotation)))
