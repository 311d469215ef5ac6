"""Every error that this package raises on purpose, split by who can put it right.

    ContentApiError
    ├── ContentError    an editor can: it carries Problems (content/problems.py)
    ├── OperatorError   an operator can: the message names the thing and the remedy
    │   ├── SettingError        a setting has a value that cannot be used
    │   ├── NoAnswer            a running server that was asked does not answer, or is another program
    │   └── StoreError          the content cannot be read
    │       ├── RepositoryUnusable   no repository here, no permission, or git will not read it
    │       ├── RevisionUnknown      the ref or commit is not in the repository
    │       ├── ObjectUnreadable     an object is missing, cut short, or its bytes do not match its id
    │       ├── GitTimeout           git did not answer within the deadline, and was ended
    │       ├── SnapshotTooLarge     the tree is larger than a setting allows
    │       └── RemoteUnreachable    the remote repository could not be fetched; what was fetched before stays
    ├── RequestError    a client can: it carries a code from ERROR_CODES and, where it helps, a hint
    └── NotInMemory     nobody has to: something must be loaded first, and then the same question has an answer

Anything else that reaches the edge is a defect of ours: hidden from the client, whole in the log.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping


def without_password(address: str) -> str:
    """An address as an error may show it: what stands before its `@` could be a password."""
    return re.sub(r"^(\w+:/+)?.*@", r"\g<1>***@", address, flags=re.DOTALL)


class ContentApiError(Exception):
    """Root of the tree above."""


class ContentError(ContentApiError):
    """The content is not as it should be; an editor can mend it."""


class OperatorError(ContentApiError):
    """Something outside the content is wrong; the message says what and how to mend it.

    The message names paths, and is for whoever runs the server. `public` is the same in words that anybody may read.
    """

    public = "The server cannot read what is published."


class SettingError(OperatorError):
    """A setting has a value that cannot be used."""


class NoAnswer(OperatorError):
    """What should be a running content-api does not answer, or not as one."""


class StoreError(OperatorError):
    """The content cannot be read from where it is kept."""


class RepositoryUnusable(StoreError):
    """There is no repository at the path, or git refuses to read it."""

    public = "The repository cannot be read."


class RevisionUnknown(StoreError):
    """The ref or commit is not in the repository."""

    public = "The branch that is followed is missing."


class ObjectUnreadable(StoreError):
    """A git object is missing, cut short, or its bytes do not hash to its id."""

    public = "The repository is damaged: something in it is missing, or is not what it was."


class GitTimeout(StoreError):
    """Git did not answer within the deadline; its process group was killed."""

    public = "Git did not answer in time."


class SnapshotTooLarge(StoreError):
    """The tree breaks a limit. `path` is where the count stood when it was broken."""

    public = "The newest version is larger than this server reads."

    def __init__(self, path: str, found: str, allowed: str) -> None:
        super().__init__(f"{path or 'content'}: {found}; {allowed}")
        self.path = path
        self.found = found
        self.allowed = allowed


class RemoteUnreachable(StoreError):
    """The remote repository could not be fetched: its network, its credentials, what it sends, or our disk."""

    public = "The repository on another machine cannot be reached."


# Characters of a message or a hint that a client is shown. An error is to be read in a console, in two lines. What a
# client sent is in some of them, and graphql-core repeats it at any length.
LONGEST_MESSAGE = 200


def clipped(message: str) -> str:
    """A text that is shown to a client, no longer than it may be."""
    return message if len(message) <= LONGEST_MESSAGE else message[: LONGEST_MESSAGE - 1] + "…"


# Code -> (HTTP status when nothing could be executed, what it means to a client developer).
# docs/reference/errors.md is rendered from this table and a test holds the two together.
ERROR_CODES: dict[str, tuple[int, str]] = {
    "GRAPHQL_PARSE_FAILED": (400, "The document is not GraphQL. The location says where reading stopped."),
    "GRAPHQL_VALIDATION_FAILED": (400, "The document is GraphQL, but does not fit this schema."),
    "PERSISTED_QUERY_NOT_FOUND": (400, "No document is known by this id or name; of one's own, send the text once."),
    "PERSISTED_QUERY_HASH_MISMATCH": (400, "A document was sent with an id that is not the hash of its text."),
    "DOCUMENT_NOT_TRUSTED": (400, "The server answers stored documents only, and this is none of them."),
    "OPERATION_RESOLUTION_FAILURE": (
        400,
        "`operationName` names no operation of the document, or is missing where the document has several.",
    ),
    "BAD_VARIABLES": (400, "A variable is missing, or its value does not fit its type."),
    "BAD_REQUEST": (400, "The HTTP request is not a well-formed GraphQL request."),
    "BAD_USER_INPUT": (400, "An argument has a value that cannot be used; the message says what would be right."),
    "BAD_CURSOR": (400, "`after` or `before` is not a cursor of this list."),
    "VERSION_NOT_AVAILABLE": (400, "The version that is named, or that a cursor carries, is not served here."),
    "VERSION_NOT_YET_LIVE": (
        503,
        "The version in `Content-Version-At-Least` was not live in time; ask again after `Retry-After` seconds.",
    ),
    "TOO_MANY_VERSIONS": (400, "The operation opens more versions than one request may."),
    "OVERLOADED": (
        503,
        "The server has more to do than it can do in time, or 64 dear operations are waiting already; ask again after "
        "`Retry-After` seconds, or ask for less.",
    ),
    "TOOK_TOO_LONG": (
        503,
        "The operation was not answered in the time that one may take; ask for less.",
    ),
    "LOCALE_NOT_AVAILABLE": (400, "The locale is not one that the publisher serves; `site.locales` lists those."),
    "DOCUMENT_TOO_LONG": (
        400,
        "The document has more characters, tokens, fragments or directives than are read, or a name has.",
    ),
    "TOO_DEEP": (400, "Fields are nested deeper than the server follows, fragments included."),
    "TOO_MANY_ALIASES": (400, "The document has more aliases than the server allows, fragments included."),
    "TOO_MANY_FIELDS": (
        400,
        "The operation has more fields than the server follows, in all, at its root, or of one name in one place.",
    ),
    "LIST_TOO_LONG": (400, "A list, in the document or the variables, has more items than the server takes."),
    "TOO_MANY_VALUES": (400, "The variables have more values, lists and objects among them, than the server takes."),
    "TOO_COSTLY": (400, "The operation could return more than one request may; ask for fewer items or less depth."),
    "ANSWER_TOO_LARGE": (400, "The answer has more bytes than the server sends; ask for smaller pages or fewer texts."),
    "SIGNATURE_REFUSED": (401, "The signature of a webhook is missing, wrong, too old, or has been used before."),
    "STREAM_NEEDED": (400, "A subscription was sent where one answer is given; the hint says where it can be."),
    "TOO_MANY_SUBSCRIPTIONS": (400, "One connection has as many operations open as it may; end one, or open another."),
    "METHOD_NOT_ALLOWED": (405, "The path does not answer this HTTP method; `Allow` says which it does."),
    "NOT_ACCEPTABLE": (
        406,
        "No media type in `Accept`, or no coding in `Accept-Encoding`, can be sent here.",
    ),
    "BODY_TOO_LARGE": (413, "The request body is larger than the server reads."),
    "UNSUPPORTED_MEDIA_TYPE": (415, "The body is not sent as `application/json` in UTF-8."),
    "ORIGIN_NOT_ALLOWED": (403, "Pages of this origin may not open a WebSocket here; an operator says which may."),
    "TOKEN_REQUIRED": (401, "Previews are for those with a token; send it as `Authorization: Bearer …`."),
    "BRANCH_HAS_PROBLEMS": (422, "The branch that is previewed has problems: `problems` has the first hundred."),
    "BAD_HTTP": (
        400,
        "What was sent is no request of HTTP/1.1, or one that can be read in two ways. The connection is closed.",
    ),
    "REQUEST_TOO_SLOW": (408, "The request was not here in the time that one may take. The connection is closed."),
    "HEAD_TOO_LARGE": (431, "The request's address and header fields are longer than the server reads, or too many."),
    "TOO_MANY_PIPELINED": (429, "More requests were sent on one connection, before the first was answered, than may."),
    "TOO_MANY_CONNECTIONS": (429, "Your address has as many connections open as one may."),
    "SERVER_FULL": (503, "As many connections are open as the server has room for; ask again after `Retry-After`."),
    "NOT_FOUND": (404, "There is nothing at this path."),
    "RATE_LIMITED": (429, "More requests came from one address than may; `Retry-After` says how many seconds to wait."),
    "TOO_MANY_LISTENERS": (503, "As many listen as the server has room for. Ask for the version now and then instead."),
    "INTERNAL": (500, "Something on our side failed. Nothing in the request needs to change; try again later."),
}


class RequestError(ContentApiError):
    """A client's mistake: a code from ERROR_CODES, what was found, and a hint at what would be right.

    Message and hint are cut at LONGEST_MESSAGE.
    """

    def __init__(self, code: str, message: str, hint: str | None = None) -> None:
        super().__init__(clipped(message))
        self.code = code
        self.hint = hint and clipped(hint)

    @property
    def details(self) -> Mapping[str, object]:
        """What else a program may want to know."""
        return {}

    @property
    def extensions(self) -> dict[str, object]:
        """The `extensions` of the GraphQL error that this becomes."""
        return {"code": self.code, **({"hint": self.hint} if self.hint else {}), **self.details}

    @property
    def status(self) -> int:
        """HTTP status when the error keeps the whole request from being executed."""
        return ERROR_CODES[self.code][0]


class NotInMemory(ContentApiError):
    """Something has to be loaded or worked out first. Not for clients: delivery has that done, and asks again.

    `name` is what is missing; `versions` are those that must stay in memory for it. `make` works it out and keeps it,
    beside the event loop; where it is None, the one version itself is missing. Then `or_older` says that, if it turns
    out to be one that is refused, the newest before it that is not will do.
    """

    def __init__(
        self,
        name: str,
        versions: tuple[str, ...],
        make: Callable[[], object] | None = None,
        *,
        or_older: bool = False,
    ) -> None:
        super().__init__(name)
        self.or_older = or_older
        self.name = name
        self.versions = versions
        self.make = make


def exit_code(error: ContentApiError) -> int:
    """How a command ends with it: 1 when an editor can mend it, 2 when an operator can."""
    return 1 if isinstance(error, ContentError) else 2
