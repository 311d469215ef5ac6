"""Every limit in the code is on the page of limits, or has a reason not to be there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from content_api.bounds import ContentBounds, QuestionBounds, SocketBounds, WaitingBounds
from content_api.settings import variable
from tests.live import ROOT

PACKAGE = ROOT / "content_api"
PAGE = (ROOT / "docs/reference/limits.md").read_text(encoding="utf-8")
ROOMS = ("content", "delivery", "graph", "publish", "store", "web")
"""Where what a client sends is read, worked at, or waits."""
LIMIT = re.compile(
    r"_?(MOST|LONGEST|LARGEST|LEAST|MAX)(_.*)?|.*_(SECONDS|BYTES|CHARACTERS)|SECONDS|WAITING|PASSED_OVER"
)

ON_THE_PAGE = {
    "content/problems.py MOST_PROBLEMS": "The first hundred problems",
    "content/search.py _MOST_WORDS": "words of a search",
    "delivery/lane.py MOST_WAITING": "CONTENT_API_LANE_WAITING",
    "delivery/persisted.py AUTOMATIC_BYTES": "bytes of these texts together",
    "delivery/persisted.py MOST_AUTOMATIC": "texts that clients sent with their ids",
    "delivery/stored.py LARGEST_FILE": "bytes of a stored document's file",
    "delivery/stored.py MOST": "stored documents",
    "delivery/subscribe.py MOST_EVENTS": "events of dear subscriptions",
    "publish/archive.py PASSED_OVER": "versions with problems, one after the other",
    "store/names.py _LONGEST": "characters of the name of a version",
    "web/frames.py MOST_FRAMES": "frames",
    "web/hooks.py LARGEST_DELIVERY": "bytes of a delivery to `/hooks/git`",
    "web/listeners.py MOST_LISTENERS": "listeners",
    "web/listeners.py SEND_SECONDS": "send_seconds",
    "web/load.py MOST_WAITING": "operations_waiting",
    "web/negotiation.py LONGEST_ACCEPT": "characters of `Accept`",
    "web/parameters.py LONGEST_QUERY_STRING": "bytes of a query string",
    "web/parameters.py MOST_PARAMETERS": "parameters of a query string",
    "web/places.py MOST_TOLD": "Of those who find no place",
    "web/rates.py MOST_CLIENTS": "CONTENT_API_RATE_CLIENTS",
    "web/signatures.py MOST_SIGNATURES": "signatures of such a delivery",
    "web/timed.py LINGER_SECONDS": "the client has two seconds",
}
"""File and name of a limit -> the words of the page that stand beside its number."""

IN_WORDS = {"content/problems.py MOST_PROBLEMS", "web/timed.py LINGER_SECONDS"}

KEPT = "of what is kept: the oldest goes first, or what is more is made anew each time"
PACE = "how often something of ours is done, whoever asks"
WORDS = "how much of a name or a message is repeated"
GIT = "of what git says, of whom no client asks so much"
SETTING = "a setting that is about a repository on another machine"
ELSEWHERE = {
    "content/highlights.py _LONGEST_FRAGMENT": "of what we send",
    "content/lexicon.py _LONGEST_WORD": "of a word that is guessed at; a longer one is looked for as it is",
    "content/search.py _MOST_GUESSES": "of words that are guessed at",
    "content/recalled.py MOST_WITHHELD": "how much of a recall is told; another page says so",
    "content/selections.py MOST_BYTES": KEPT,
    "content/tags.py LONGEST_PURGE": "of a header that we send",
    "delivery/costly.py MOST_SPELT": WORDS,
    "delivery/documents.py MOST_SEEN": KEPT,
    "delivery/documents.py ONCE_CHARACTERS": KEPT,
    "delivery/lane.py LEAST_SHARE": "of the lane's time: test_limits_page.py",
    "delivery/lane.py TURN_SECONDS": PACE,
    "delivery/later.py MOST_ROUNDS": "`versions` is less; only recalls that come one after the other make so many",
    "delivery/lifted.py MOST_NAMES": KEPT,
    "delivery/memory.py LEAST_FIELDS": KEPT,
    "delivery/memory.py MOST_BYTES": KEPT,
    "delivery/plan.py MOST_FIELDS": "what is more is answered without a plan",
    "delivery/plans.py MOST_FIELDS": KEPT,
    "delivery/plans.py MOST_RECENT": KEPT,
    "delivery/plans.py MOST_VARIANTS": KEPT,
    "delivery/present.py LONGEST_LINE": "of a header that we send",
    "delivery/price.py LONGEST_KEY": WORDS,
    "delivery/prices.py MOST": KEPT,
    "delivery/reuse.py KEPT_BYTES": KEPT,
    "delivery/reuse.py MOST_CARRIED": KEPT,
    "delivery/shapes.py MOST_SEEN": KEPT,
    "delivery/warming.py SECONDS": PACE,
    "graph/changes.py MOST_AT_ONCE": PACE,
    "graph/changes.py MOST_REMEMBERED": KEPT,
    "publish/files.py BACK_OFF_SECONDS": PACE,
    "publish/files.py POLL_SECONDS": PACE,
    "publish/newest.py MOST_TRIED": PACE,
    "publish/previews.py LOOK_SECONDS": PACE,
    "publish/publisher.py BACK_OFF_SECONDS": PACE,
    "publish/publisher.py LEAST_SECONDS": PACE,
    "publish/publisher.py POLL_SECONDS": PACE,
    "publish/publisher.py RECORD_SECONDS": PACE,
    "publish/publisher.py REMOTE_POLL_SECONDS": PACE,
    "publish/purging.py AGAIN_SECONDS": PACE,
    "publish/purging.py SECONDS": "for a cache of the operator's",
    "store/cache.py STALE_SECONDS": PACE,
    "store/git.py _COMMIT_BYTES": GIT,
    "store/history.py MOST_COMMITS": GIT,
    "store/listing.py _HAVE_BYTES": GIT,
    "store/process.py END_SECONDS": GIT,
    "store/remote.py CONNECT_SECONDS": SETTING,
    "store/remote.py FETCH_SECONDS": SETTING,
    "store/remote.py SILENCE_SECONDS": SETTING,
    "store/supervise.py _COMPLAINT_BYTES": GIT,
    "store/supervise.py _OUTPUT_BYTES": GIT,
    "store/tree.py RECORD_BYTES": GIT,
    "web/body.py LARGE": "test_limits_page.py",
    "web/client.py LONGEST_NAME": "what is longer is no address",
    "web/frames.py SECONDS_TO_LEAVE": PACE,
    "web/graphql.py MOST_VARIABLES": KEPT,
    "web/known.py KEPT_BYTES": KEPT,
    "web/known.py LONGEST": KEPT,
    "web/known.py LONGEST_HEAD": KEPT,
    "web/known.py MOST_HEADS": KEPT,
    "web/known.py MOST_SEEN": KEPT,
    "web/load.py BEAT_SECONDS": PACE,
    "web/places.py BUSY_SECONDS": PACE,
    "web/places.py LONG_TURN_SECONDS": PACE,
    "web/signatures.py WINDOW_SECONDS": "how old a signature may be, which another page says",
    "web/stream.py HEARTBEAT_SECONDS": PACE,
    "web/timed.py GRACE_SECONDS": PACE,
    "web/tokens.py LONGEST": "what is longer is no token",
    "web/websocket.py LONGEST_REASON": "RFC 6455's",
}
"""File and name of what looks like a limit -> why no client needs to know it."""


def limits_in(tree: ast.Module) -> Iterator[str]:
    """Names of the module that are given a number, by a name as limits have it."""
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.expr):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name) and LIMIT.fullmatch(target.id) and not is_text(node.value):
                    yield target.id


def is_text(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def found() -> set[str]:
    files = [file.relative_to(PACKAGE) for room in ROOMS for file in (PACKAGE / room).rglob("*.py")]
    return {
        f"{place.as_posix()} {name}"
        for place in files
        for name in limits_in(ast.parse((PACKAGE / place).read_text(encoding="utf-8")))
    }


def test_each_limit_is_on_the_page_or_is_none_of_a_client():
    assert found() == {*ON_THE_PAGE, *(place for place in ELSEWHERE if LIMIT.fullmatch(place.split()[1]))}


@pytest.mark.parametrize("limit", sorted(ON_THE_PAGE.keys() - IN_WORDS))
def test_its_number_stands_beside_its_words(limit: str):
    place, name = limit.split()
    module = import_module("content_api." + Path(place).with_suffix("").as_posix().replace("/", "."))
    number = f"{getattr(module, name):,}".removesuffix(".0")
    lines = [part for part in re.split(r"\n(?=\||- )|\n\n", PAGE) if ON_THE_PAGE[limit] in part]
    assert any(re.search(rf"(?<![\d,]){number}(?![\d,])", line) for line in lines), (number, lines)


@pytest.mark.parametrize("bounds", [SocketBounds, WaitingBounds, QuestionBounds, ContentBounds])
def test_each_setting_that_is_a_limit_is_named_there(bounds):
    for name in bounds.model_fields:
        row = rf"(?m)^\| {name.removeprefix('socket_')} \|"
        assert variable(name) in PAGE or re.search(row, PAGE), name


@pytest.mark.parametrize(
    "line", ["MOST_NEW = 7", "NEW_SECONDS: float = 0.5", "_LONGEST = Bounds().new", "MOST = 2 * 3"]
)
def test_a_new_one_would_be_found(line: str):
    assert len(list(limits_in(ast.parse(line)))) == 1
