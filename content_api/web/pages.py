"""The HTML that is not GraphiQL: the front page, and what stands in where GraphiQL was not built."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from content_api.web.health import Status

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>
body {{ font: 1.125rem/1.6 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem; }}
code {{ overflow-wrap: anywhere; }}
@media (prefers-color-scheme: dark) {{ body {{ background: #16181d; color: #e8e8ea; }} a {{ color: #9db8ff; }} }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
{content}
</main>
</body>
</html>
"""

FRONT = """<p>{served}</p>
<ul>
<li><a href="graphql">GraphiQL</a>: try queries in the browser. Programs send them to the same address.</li>
<li><a href="schema.graphql">The schema</a>, as text.</li>
<li><a href="readyz">Whether the server is ready</a>, as JSON.</li>
</ul>"""

NO_GRAPHIQL = """<p>This is the address of the GraphQL API. GraphiQL, the page for trying queries, is not part of this
installation.</p>
<p>Send a query by POST, as JSON: <code>{&quot;query&quot;: &quot;{ __typename }&quot;}</code>, or read
<a href="schema.graphql">the schema</a>.</p>"""


class FrontPage:
    """What is served here and where to go on."""

    def __init__(self, status: Callable[[], Status]) -> None:
        self.status = status

    async def respond(self, request: Request) -> Response:
        status = self.status()
        served = f"Serves version <code>{escape(status.version)}</code>." if status.version else "Serves nothing yet."
        return HTMLResponse(PAGE.format(title="Content API", content=FRONT.format(served=served)))


def graphiql_page(static: Path) -> Response:
    """GraphiQL's page, read once. Without one, a page that says so, with status 404: there is no such page here."""
    file = static / "graphiql.html"
    if file.is_file():
        return HTMLResponse(file.read_bytes(), headers={"Vary": "Accept"})
    page = PAGE.format(title="GraphQL", content=NO_GRAPHIQL)
    return HTMLResponse(page, 404, {"Vary": "Accept"})
