"""GraphiQL's own files: read when the application is built, and compressed when somebody wants them first.

Starlette's StaticFiles was refused: it reads a file for each request, in pieces that are then compressed again.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from content_api.web.conditional import has_it
from content_api.web.packed import Packed, coding_of

# Not what the machine has in a table of its own: the middleware that compresses goes by these.
MEDIA = {".css": "text/css", ".html": "text/html", ".js": "text/javascript", ".txt": "text/plain"}


def files(folder: Path) -> Iterator[Route]:
    """A route for each file of a folder whose type is known."""
    for path in sorted(folder.iterdir()):
        if path.suffix in MEDIA:
            yield Route(f"/{path.name}", File(path).respond)


class File:
    def __init__(self, path: Path) -> None:
        self.packed = Packed(path.read_bytes())
        self.digest = sha256(self.packed.body).hexdigest()[:32]
        self.media = f"{MEDIA[path.suffix]}; charset=utf-8"

    async def respond(self, request: Request) -> Response:
        coding = coding_of(request)
        entity_tag = f'"{self.digest}-{coding}"'
        if has_it(request.headers.getlist("if-none-match"), entity_tag):
            return Response(status_code=304, headers={"ETag": entity_tag, "Vary": "Accept-Encoding"})
        return self.packed.response(coding, self.media, {"ETag": entity_tag})
