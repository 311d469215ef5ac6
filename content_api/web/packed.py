"""A body that is sent to many, and its compressed forms, each made once: what compresses for each request lets anybody
take milliseconds of the event loop for a hundred bytes."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from content_api.delivery.present import CODINGS
from content_api.web.negotiation import IDENTITY, accept_of, codings

# The media types of such bodies, apart from pages. The middleware that compresses must leave them alone, also where it
# reads Accept-Encoding in another way than we do: it knows no preferences, and no longest header.
PACKED = ("text/plain", "text/javascript", "text/css")


def coding_of(request: Request) -> str:
    """The best coding that a request accepts; none for who accepts none that there is."""
    accepted = codings(accept_of(request.headers.getlist("accept-encoding")))
    return accepted[0] if accepted else IDENTITY


class Packed:
    """GraphiQL's script, 1.4 MB, takes 36 ms in its dearest form: now once in the life of a process."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self._forms = {IDENTITY: body}

    def has(self, coding: str) -> bool:
        return coding in self._forms

    def form(self, coding: str) -> bytes:
        made = self._forms.get(coding)
        if made is None:
            made = self._forms[coding] = CODINGS[coding](self.body)
        return made

    def response(self, coding: str, media: str, headers: Mapping[str, str]) -> Response:
        """The body in a coding."""
        told = {"Content-Type": media, "Vary": "Accept-Encoding", **headers}
        if coding != IDENTITY:
            told["Content-Encoding"] = coding
        return Response(self.form(coding), headers=told)
