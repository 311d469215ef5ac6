"""What the code keeps longer than one request is listed here, with what bounds it. A map that a client fills without a
bound is how memory grows; tests/hostile/test_growth.py sends it what there is to be kept."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.live import ROOT

ELSEWHERE = ("cli", "store")  # where no client reaches
PACKAGE = ROOT / "content_api"
CONTAINERS = {"dict", "set", "list", "deque", "OrderedDict", "Counter", "defaultdict", "Sights"}

LEAST_RECENT = "a number, or bytes; what was asked for longest ago goes first"
CONTENT = "what there is in the content of an edition, and it goes with that"
REQUEST = "one request, or one text that is read, and goes with it"
DOCUMENT = "one document that is remembered: delivery/documents.py bounds those"
UNDER_WAY = "what is under way: each has its own bound, of places, connections or the queue"
CODE = "what there is in the code"

KEPT = {
    "answers.py schema": CODE,
    "content/change.py Change.names": REQUEST,
    "content/diagnosis.py schema_of": CODE,
    "content/edition.py Edition.entries": CONTENT,
    "content/edition.py Edition.later_recalls": CONTENT,
    "content/edition.py Edition.memo": f"{CONTENT}: views by locale and channel, indexes, and Selections",
    "content/edition.py Indexes.codes": CONTENT,
    "content/edition.py Indexes.kinds": CONTENT,
    "content/edition.py Indexes.referrers": CONTENT,
    "content/edition.py Indexes.slugs": CONTENT,
    "content/export.py _classes": CODE,
    "content/fields.py lru_cache": f"{CONTENT}; 2**14 lists",
    "content/halfway.py _Here.leave": UNDER_WAY,
    "content/layout.py place_of": "one",
    "content/lexicon.py lexicon": "64 languages",
    "content/markdown.py _PlainWriter._lists": REQUEST,
    "content/markdown.py _PlainWriter.lines": REQUEST,
    "content/noted.py Noted.recalled": REQUEST,
    "content/noted.py Noted.tags": REQUEST,
    "content/rendering.py _html_of_markdown": "2,048 texts of the content",
    "content/search.py SearchIndex._shelves": CONTENT,
    "content/selections.py Selections._kept": LEAST_RECENT,
    "content/shelf.py _Line.ids": CONTENT,
    "content/shelf.py _Line.serials": CONTENT,
    "content/translations.py adapter_of": CODE,
    "content/translations.py text_adapter": CODE,
    "content/view.py View._day": "one day",
    "content/view.py View._hidden": f"{CONTENT}: what is not there is not remembered",
    "content/view.py View._in_order": CONTENT,
    "content/view.py View._made": f"{CONTENT}, by plan: delivery/memory.py bounds the bytes",
    "content/view.py View._shown": f"{CONTENT}: what is not there is not remembered",
    "content/view.py lru_cache": "2**17 texts of the content",
    "delivery/answering.py Answering.extensions": REQUEST,
    "delivery/coming.py Coming._tasks": UNDER_WAY,
    "delivery/coming.py Coming._waiting": UNDER_WAY,
    "delivery/documents.py Document.fields": f"{DOCUMENT}; by operation of it",
    "delivery/documents.py Document.fragments": DOCUMENT,
    "delivery/documents.py Document.sighted": f"{DOCUMENT}; by operation of it",
    "delivery/documents.py Documents._documents": LEAST_RECENT,
    "delivery/documents.py Documents._kept": "stored documents, which are 1,000 at most",
    "delivery/documents.py Documents._once": LEAST_RECENT,
    "delivery/documents.py Documents._seen": LEAST_RECENT,
    "delivery/lane.py Lane._work": UNDER_WAY,
    "delivery/memory.py Memory._pieces": "bytes; the oldest goes first",
    "delivery/operation.py Operation.variables": REQUEST,
    "delivery/operation.py Reply.made": "one for each coding; it goes with the answer",
    "delivery/persisted.py Automatic._texts": LEAST_RECENT,
    "delivery/persisted.py Persisted.counted": "names of stored documents",
    "delivery/persisted.py Persisted.refused": "error codes",
    "delivery/plan.py _Compiler.arguments": REQUEST,
    "delivery/plan.py _Compiler.bound": REQUEST,
    "delivery/plan.py _Compiler.lines": REQUEST,
    "delivery/plan.py _Compiler.names": REQUEST,
    "delivery/plan.py _Compiler.written": REQUEST,
    "delivery/plans.py Plans._planned": LEAST_RECENT,
    "delivery/plans.py Plans._recent": f"{LEAST_RECENT}; each with variables, which have 1,000 values",
    "delivery/plans.py Sighted.plans": f"{DOCUMENT}; eight outcomes of its switches",
    "delivery/plans.py Sighted.sights": f"{DOCUMENT}; eight outcomes of its switches",
    "delivery/present.py tags_of": "256 sets of the twelve words in the code",
    "delivery/price.py Most.places": REQUEST,
    "delivery/price.py _Pricer.filters": REQUEST,
    "delivery/price.py _Pricer.known": REQUEST,
    "delivery/prices.py Prices._known": f"{DOCUMENT}; sixteen",
    "delivery/prices.py Prices._refused": f"{DOCUMENT}; sixteen",
    "delivery/prices.py Prices._looked_at": f"{DOCUMENT}; by operation of it",
    "delivery/prices.py Watched.looked_at": REQUEST,
    "delivery/reuse.py Answers._kept": LEAST_RECENT,
    "delivery/reuse.py Answers._outdated": "100 publications",
    "delivery/shape.py _Marking.marked": REQUEST,
    "delivery/shape.py _Strings.places": REQUEST,
    "delivery/shapes.py Shapes._known": LEAST_RECENT,
    "delivery/shapes.py Shapes._sights": LEAST_RECENT,
    "delivery/shapes.py Shapes._texts": LEAST_RECENT,
    "delivery/sights.py Sights._counts": LEAST_RECENT,
    "delivery/totals.py _Counter.known": REQUEST,
    "graph/filters.py criteria": REQUEST,
    "graph/identifiers.py cursor": LEAST_RECENT,
    "observe/counts.py Counts.failed": "error codes",
    "observe/counts.py Counts.statuses": "HTTP statuses",
    "observe/observer.py Observer._ended": "requests that ended together; then they are looked at",
    "observe/observer.py hash_of": LEAST_RECENT,
    "observe/usage.py Usage._clients": "sixteen clients, and the fields of the schema of each; others are one",
    "observe/usage.py Usage._counts": "200; then they are worked out",
    "observe/usage.py Usage._requests": "sixteen clients; others are one",
    "publish/announcements.py Announcements._waiting": UNDER_WAY,
    "publish/archive.py VersionArchive._held": UNDER_WAY,
    "publish/archive.py VersionArchive._kept": LEAST_RECENT,
    "publish/archive.py VersionArchive._leaving": UNDER_WAY,
    "publish/archive.py VersionArchive._passed": "1,000 commits of the branch; the oldest goes first",
    "publish/archive.py VersionArchive._refused": "1,000 commits of the branch; the oldest goes first",
    "publish/archive.py VersionArchive._unreadable": "1,000 commits of the branch; the oldest goes first",
    "publish/previews.py Previews._held": UNDER_WAY,
    "publish/previews.py Previews._kept": LEAST_RECENT,
    "publish/previews.py Previews._tips": "branches of the repository",
    "publish/purging.py Cache.waiting": "tags that one publication outdates",
    "publish/processors.py _GOING_ON": UNDER_WAY,
    "publish/queue.py Queue._tasks": UNDER_WAY,
    "standing.py lru_cache": "1,000 commits of the branch",
    "web/asked.py Index._found": REQUEST,
    "web/client.py client_of": LEAST_RECENT,
    "web/frames.py Turns.waiting": UNDER_WAY,
    "web/head.py check_host": LEAST_RECENT,
    "web/known.py KnownRequests._defaults": "the headers of a server",
    "web/known.py KnownRequests._heads": LEAST_RECENT,
    "web/known.py KnownRequests._known": LEAST_RECENT,
    "web/known.py KnownRequests._seen": "20,000 hashes; then it begins anew",
    "web/learning.py Learning.written": REQUEST,
    "web/listeners.py Listeners.streams": UNDER_WAY,
    "web/metrics.py Metrics._made": "two media types; one for each coding",
    "web/negotiation.py choose": LEAST_RECENT,
    "web/negotiation.py codings": LEAST_RECENT,
    "web/places.py Places.of_client": UNDER_WAY,
    "web/places.py lru_cache": LEAST_RECENT,
    "web/rates.py Counters.counts": LEAST_RECENT,
    "web/signatures.py Seen._digests": LEAST_RECENT,
    "web/websocket.py Conversation.running": UNDER_WAY,
}
"""File and name -> what bounds it."""


def kept_in(tree: ast.Module) -> Iterator[str]:
    """What is kept beyond a call: attributes of classes, variables of the module, and results of functions."""
    yield from (target for node in tree.body for target in targets(node))
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield from (f"{node.name}.{name}" for name in attributes(node))
        if isinstance(node, ast.FunctionDef):
            yield from (node.name for one in node.decorator_list if callee(one) in CACHES)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Call) and callee(node.func) in CACHES:
            yield callee(node.func)


CACHES = {"cache", "lru_cache", "cached_property"}


def attributes(node: ast.ClassDef) -> Iterator[str]:
    methods = [
        one for one in node.body if isinstance(one, ast.FunctionDef) and one.name in ("__init__", "__post_init__")
    ]
    for statement in [*node.body, *(inner for method in methods for inner in ast.walk(method))]:
        yield from (name.removeprefix("self.") for name in targets(statement))


def targets(statement: ast.AST) -> Iterator[str]:
    """What a statement gives an empty container to."""
    if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value and is_container(statement.value):
        for target in statement.targets if isinstance(statement, ast.Assign) else [statement.target]:
            yield ast.unparse(target)


def is_container(value: ast.expr) -> bool:
    match value:
        case ast.Dict(keys=[]) | ast.List(elts=[]):
            return True
        case ast.Call() if callee(value) == "field":
            return any(one.arg == "default_factory" and callee(one.value) in CONTAINERS for one in value.keywords)
    return isinstance(value, ast.Call) and callee(value) in CONTAINERS


def callee(value: ast.expr) -> str:
    """The last name of what is called, whatever it is given."""
    while isinstance(value, ast.Call | ast.Subscript):
        value = value.func if isinstance(value, ast.Call) else value.value
    return ast.unparse(value).rpartition(".")[2]


def found() -> set[str]:
    files = {file.relative_to(PACKAGE): file for file in PACKAGE.rglob("*.py")}
    return {
        f"{place.as_posix()} {name}"
        for place, file in files.items()
        if place.parts[0] not in ELSEWHERE
        for name in kept_in(ast.parse(file.read_text(encoding="utf-8")))
    }


def test_whatever_is_kept_has_its_bound_in_the_table():
    assert found() == set(KEPT)


@pytest.mark.parametrize(
    "code",
    [
        "seen = {}",
        "seen: dict[str, int] = dict()",
        "@cache\ndef seen(): ...",
        "@lru_cache(maxsize=None)\ndef seen(): ...",
        "class A:\n  seen: set[int] = field(default_factory=set)",
        "class A:\n  def __init__(self):\n    self.seen: OrderedDict[str, int] = OrderedDict()",
        "class A:\n  def __init__(self):\n    self.seen = defaultdict[str, list[int]](list)",
    ],
)
def test_a_new_one_would_be_found(code: str):
    assert [name.rpartition(".")[2] for name in kept_in(ast.parse(code))] == ["seen"]
