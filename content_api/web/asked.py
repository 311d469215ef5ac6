"""A request whose headers are found by name. Starlette walks through all of them each time, and we ask for eight."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Receive, Scope


class Asked(Request):
    """Starlette's Request with an Index of its headers."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        super().__init__(scope, receive)
        self._headers = Index(scope=scope)


class Index(Headers):
    """The same headers, read once."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope=scope)
        self._found: dict[str, list[str]] = {}
        for name, value in self._list:
            self._found.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))

    def __getitem__(self, name: str) -> str:
        return self._found[name.lower()][0]

    def get(self, name: str, default: Any = None) -> Any:
        found = self._found.get(name.lower())
        return found[0] if found else default

    def getlist(self, name: str) -> list[str]:
        return self._found.get(name.lower(), [])

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._found
