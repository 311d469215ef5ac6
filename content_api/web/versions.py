"""The page of versions, for editors: what is live, what was refused and why, and who published what.

It is plain HTML that needs no script. What an editor wrote may be in any language and direction: it stands in a `bdi`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from content_api.content.problems import Problem
from content_api.content.report import count, first_line, harmless, plural
from content_api.store.snapshot import Version
from content_api.web.graphql import versioned
from content_api.web.health import Refused, Status, Trouble
from content_api.web.pages import page

PAGE_SIZE = 50  # versions; a month of a busy team, and a page that a phone still scrolls
SHORT = 12  # digits of a commit id: as the log and the command line show it, and enough for `version(ref:)`


@dataclass(frozen=True, slots=True)
class Changed:
    """How many entities a version added, changed and removed."""

    added: int
    changed: int
    removed: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A version in the list. `changed` is None where nobody knows, as what came before it is hidden; `refused` where
    nobody has read it."""

    version: Version
    changed: Changed | None
    refused: bool | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    """All that the page shows. `after` is the version that the next page begins behind; None on the last."""

    status: Status
    live: Version | None
    versions: Sequence[Listed] = ()
    total: int = 0
    first: bool = True
    after: str | None = None


Overlook = Callable[[str | None], Overview | None]
"""What there is to show, from the version that a page begins behind, or from the newest. None for no such version."""

STYLE = Markup("""body { max-width: 60rem; }
.note { border-inline-start: .3rem solid #767676; padding: .1rem 1rem; margin: 1.5rem 0; }
.refused { border-color: #d03020; }
.scroll { overflow-x: auto; }
.scroll:focus-visible { outline: .15rem solid; }
table { border-collapse: collapse; width: 100%; font-size: 1rem; }
caption { text-align: start; padding-block: .5rem; }
th, td { text-align: start; vertical-align: top; padding: .4rem .8rem .4rem 0; border-block-end: 1px solid #767676; }
td.says { min-width: 14rem; overflow-wrap: anywhere; }
dt { font-weight: bold; } dd { margin: 0 0 .5rem; overflow-wrap: anywhere; }
time, th code { white-space: nowrap; }
""")

LIVE = Markup("""<h2>Live</h2>
<dl>
<dt>Version</dt><dd><code>{version}</code>{tags}</dd>
<dt>Says</dt><dd>{message}</dd>
<dt>Written by</dt><dd>{author}</dd>
<dt>Committed</dt><dd>{committed}</dd>
<dt>Live here since</dt><dd>{since}</dd>
</dl>""")
NOTHING_LIVE = Markup("<h2>Live</h2>\n<p>Nothing is served yet.</p>")
PINNED = Markup("""<div class="note"><p><strong>This version is pinned.</strong> What is pushed waits until an operator
releases it.</p></div>""")
TROUBLE = Markup("""<div class="note refused"><h2>Nobody can tell whether there is something newer</h2>
<p>{reason} Since {since}. Ask whoever runs the server: its log says more. What is live stays live.</p></div>""")
REFUSED = Markup("""<section class="note refused" aria-labelledby="refused">
<h2 id="refused">A newer version was refused</h2>
<p>{author} wrote <code>{version}</code>: {message}</p>
<p>It was refused at {at} and is not served, because of this. What is live stays live, until there is a version without
problems.</p>
{problems}
<p>{count}</p></section>""")
PROBLEMS = Markup("<ol>\n{}\n</ol>")
PROBLEM = Markup("""<li><p><code>{place}</code> ({rule})<br>
<bdi>{found}</bdi><br><bdi>{expected}</bdi>{suggestion}</p></li>""")
TABLE = Markup("""<h2 id="all">All versions</h2>
<div class="scroll" role="region" aria-labelledby="all" tabindex="0">
<table>
<caption>{caption}</caption>
<thead><tr><th scope="col">Version</th><th scope="col">Committed</th><th scope="col">Written by</th>
<th scope="col">Says</th><th scope="col">Changed</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
</div>""")
ROW = Markup("""<tr><th scope="row"><code>{version}</code>{tags}{refused}</th><td>{committed}</td><td>{author}</td>
<td class="says">{message}</td><td>{changed}</td></tr>""")
IS_REFUSED = Markup(" <em>refused</em>")
NO_HISTORY = Markup("""<h2 id="all">All versions</h2>
<p>What is served are files as they stand, not what is committed to git: so there is no other version.</p>""")
PAGES = Markup("""<nav aria-label="Pages"><p>{links}</p></nav>""")
TO_FIRST = Markup("""<a href="versions">Newest versions</a>""")
TO_NEXT = Markup("""<a href="versions?after={after}" rel="next">Older versions</a>""")
NO_SUCH = Markup("""<p>The address names a version that is not in the list: the branch may have been rewritten. Begin
with the <a href="versions">newest versions</a>.</p>""")
TIME = Markup('<time datetime="{}">{}</time>')
NOT_SAID = Markup("not said")


class VersionsPage:
    """The page, a part of the list at a time.

    It takes 2 ms, and is made in a turn of the event loop of its own. Else who asks little would wait for all who want
    it together.
    """

    def __init__(self, overlook: Overlook, version: Callable[[], str | None]) -> None:
        self.overlook = overlook
        self.version = version
        self.turns = asyncio.Lock()

    async def respond(self, request: Request) -> Response:
        async with self.turns:
            await asyncio.sleep(0)  # what came meanwhile goes first
            found = self._page(request.query_params.get("after"))
        found.headers.update(versioned(self.version()))
        return found

    def _page(self, after: str | None) -> Response:
        overview = self.overlook(after)
        if overview is None:
            return page("No such version", NO_SUCH, status=404)
        return page("Versions", content(overview), style=STYLE)


def content(overview: Overview) -> Markup:
    status = overview.status
    parts = (
        refused(status.refused) if status.refused else None,
        trouble(status.trouble) if status.trouble else None,
        live(overview.live, status) if overview.live else NOTHING_LIVE,
        PINNED if status.pinned else None,
        table(overview),
        links(overview),
    )
    return Markup("\n").join(part for part in parts if part)


def live(version: Version, status: Status) -> Markup:
    return LIVE.format(
        version=version.id,
        tags=tags(status.tags),
        message=words(first_line(version.message)),
        author=words(version.author),
        committed=moment(version.committed_at),
        since=moment(status.live_since),
    )


def trouble(found: Trouble) -> Markup:
    return TROUBLE.format(reason=found.reason, since=moment(found.since))


def refused(found: Refused) -> Markup:
    return REFUSED.format(
        author=words(found.author),
        version=found.version[:SHORT],
        message=words(found.message),
        at=moment(found.at),
        problems=PROBLEMS.format(Markup("\n").join(map(problem, found.problems))) if found.problems else "",
        count=count(found.problems, found.withheld),
    )


def problem(found: Problem) -> Markup:
    suggestion = Markup("<br><bdi>{}</bdi>").format(harmless(found.suggestion)) if found.suggestion else ""
    return PROBLEM.format(
        place=harmless(f"{found.path}:{found.line}:{found.column}"),
        rule=found.rule,
        found=harmless(f"{found.found}."),
        expected=harmless(f"{found.expected}."),
        suggestion=suggestion,
    )


def table(overview: Overview) -> Markup:
    if not overview.total:
        return NO_HISTORY
    caption = f"{plural(overview.total, 'version')} changed the content, the newest first."
    if any(listed.refused for listed in overview.versions):
        caption += " What is marked as refused has problems and is not served; not every version was checked here."
    return TABLE.format(caption=caption, rows=Markup("\n").join(map(row, overview.versions)))


def row(listed: Listed) -> Markup:
    version = listed.version
    return ROW.format(
        version=version.id[:SHORT],
        tags=tags(version.tags),
        refused=IS_REFUSED if listed.refused else "",
        committed=moment(version.committed_at),
        author=words(version.author),
        message=words(first_line(version.message)),
        changed=changed(listed.changed),
    )


def changed(found: Changed | None) -> str:
    """What changed, in numbers; what did not is left out. A site's own file is no entity."""
    if found is None:
        return "not known"
    counted = {"added": found.added, "changed": found.changed, "removed": found.removed}
    return ", ".join(f"{number:,} {what}" for what, number in counted.items() if number) or "no entity"


def tags(names: Iterable[str]) -> Markup:
    return Markup("").join(Markup(" <strong><bdi>{}</bdi></strong>").format(harmless(name)) for name in names)


def words(text: str | None) -> Markup:
    """What somebody wrote, kept apart from the words around it."""
    return Markup("<bdi>{}</bdi>").format(harmless(text)) if text else NOT_SAID


def moment(at: datetime | None) -> Markup:
    """A time as it was given, in its own time zone."""
    if at is None:
        return NOT_SAID
    return TIME.format(at.isoformat(timespec="seconds"), f"{at:%Y-%m-%d %H:%M %Z}")


def links(overview: Overview) -> Markup | None:
    """To the newest versions and the next older ones, where these are not on the page."""
    found = [
        *([] if overview.first else [TO_FIRST]),
        *([TO_NEXT.format(after=overview.after)] if overview.after else []),
    ]
    return PAGES.format(links=Markup(" · ").join(found)) if found else None
