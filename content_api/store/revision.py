"""How a version may be named: a branch, a tag or a commit id, and none of git's further grammar."""

from __future__ import annotations

import re
import shlex

from content_api.errors import RevisionUnknown

# The rules of `git check-ref-format`, without starting git for them, and two of our own. What breaks the rule -> why.
_RULES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), reason)
    for pattern, reason in (
        (r"\A\Z", "it is empty"),
        (r"\A-", "it begins with a dash, like an option"),
        (r"[~^]", "`~` and `^` count commits backwards, which another push would change"),
        (r"@\{|\A@\Z", "`@` looks into this machine's history, which no other machine shares"),
        (r":", "`:` names a file, not a version"),
        (r"\.\.", "`..` names a range, not a version"),
        (r"[\0-\x20\x7f]", "it has a space or a control character"),
        (r"[?*\[\\]", "it has one of ? * [ \\"),
        (r"(\A|/)\.|\.\Z|\.lock(/|\Z)", "a part of it begins or ends with a dot, or ends with .lock"),
        (r"\A/|/\Z|//", "it begins or ends with a slash, or has two together"),
        (r"[\ud800-\udfff]", "it is not text in UTF-8"),
        (r".{256}", "it has more than 255 characters"),
    )
)
_PREFIX = re.compile(r"[0-9a-fA-F]{7,64}")


def refuse_malformed(ref: str) -> None:
    """Raise RevisionUnknown unless `ref` could be the name of a branch or tag, or a commit id."""
    if reason := malformed(ref):
        raise RevisionUnknown(
            f"{ref!r} names no version: {reason}. Give a branch, a tag or a commit id;"
            f" `git rev-parse {shlex.quote(ref)}` prints the id, if you know what git calls it"
        )


def malformed(ref: str) -> str | None:
    """Return why `ref` cannot be the name of a branch or tag, nor a commit id; None where it could."""
    return next((reason for rule, reason in _RULES if rule.search(ref)), None)


def full_names(ref: str) -> tuple[str, ...]:
    """Return the full names that `ref` may stand for, the first choice first."""
    if ref == "HEAD" or ref.startswith("refs/"):
        return (ref,)
    return (f"refs/heads/{ref}", f"refs/tags/{ref}")


def is_id(ref: str, digits: int) -> bool:
    """Tell whether `ref` is a whole object id of a repository whose ids have so many hex digits."""
    return len(ref) == digits and _PREFIX.fullmatch(ref) is not None


def is_prefix(ref: str) -> bool:
    """Tell whether `ref` may be the beginning of an object id: at least seven hex digits, as git prints them."""
    return _PREFIX.fullmatch(ref) is not None
