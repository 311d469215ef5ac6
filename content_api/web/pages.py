"""The HTML that is not GraphiQL: the frame of a page, the front page, and what stands in where GraphiQL was not built.

What is put into a template is escaped, unless it is a `Markup` itself: so nothing that an editor wrote can become a
part of the page. A template language was refused for three pages; if they become many, Jinja stands on the same type.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from content_api.web.health import FRESH, Status

PAGE = Markup("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 1.125rem/1.6 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem; }}
code {{ overflow-wrap: anywhere; }}
@media (prefers-color-scheme: dark) {{ body {{ background: #16181d; color: #e8e8ea; }} a {{ color: #9db8ff; }} }}
{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
{content}
</main>
</body>
</html>
""")

FRONT = Markup("""<p>{served}</p>
<ul>
<li><a href="graphql">GraphiQL</a>: try queries in the browser. Programs send them to the same address.</li>
<li><a href="versions">Versions</a>: what is live, what was refused and why, and who published what.</li>
<li><a href="schema.graphql">The schema</a>, as text.</li>
<li><a href="readyz">Whether the server is ready</a>, as JSON.</li>
</ul>""")
SERVED = Markup("Serves version <code>{version}</code>.")

NO_GRAPHIQL = Markup("""<p>This is the address of the GraphQL API. GraphiQL, the page for trying queries,
is not part of this installation.</p>
<p>Send a query by POST, as JSON: <code>{&quot;query&quot;: &quot;{ __typename }&quot;}</code>, or read
<a href="schema.graphql">the schema</a>.</p>""")

TRUSTED_ONLY = Markup("""<p>This is the address of the GraphQL API. It answers stored documents only, so that GraphiQL,
the page for trying queries, is closed here.</p>
<p>Send the name or the id of one as <code>documentId</code>, or read <a href="schema.graphql">the schema</a>.</p>""")


def page(title: str, content: Markup, *, style: str = "", status: int = 200) -> Response:
    """A page whose content may change at any moment."""
    return HTMLResponse(PAGE.format(title=title, content=content, style=style), status, FRESH)


class FrontPage:
    """What is served here and where to go on."""

    def __init__(self, status: Callable[[], Status]) -> None:
        self.status = status

    async def respond(self, request: Request) -> Response:
        version = self.status().version
        served = SERVED.format(version=version) if version else "Serves nothing yet."
        return page("Content API", FRONT.format(served=served))


def graphiql_page(static: Path) -> Response:
    """GraphiQL's page, read once. Without one, a page that says so, with status 404: there is no such page here."""
    file = static / "graphiql.html"
    if file.is_file():
        return HTMLResponse(file.read_bytes(), headers={"Vary": "Accept"})
    return _instead(NO_GRAPHIQL)


def trusted_page() -> Response:
    """What stands in where only stored documents are answered."""
    return _instead(TRUSTED_ONLY)


def _instead(content: Markup) -> Response:
    return HTMLResponse(PAGE.format(title="GraphQL", content=content, style=""), 404, {"Vary": "Accept"})
