"""What stands around GraphQL: pages, health, the schema's text, headers, CORS, compression, problems."""

from __future__ import annotations

import gzip
from contextlib import asynccontextmanager
from html.parser import HTMLParser

import brotli
import pytest
import zstandard
from graphql import build_schema
from starlette.testclient import TestClient

from content_api.delivery.present import CODINGS
from content_api.web import packed
from content_api.web.application import STATIC
from content_api.web.headers import ALWAYS
from content_api.web.health import Status
from tests.web.small import application, client

PROBLEM = "application/problem+json"


def test_the_schema_is_served_as_text():
    response = client().get("/schema.graphql")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert "Things" in build_schema(response.text).type_map


def test_health_is_two_questions():
    assert client().get("/livez").json() == {"live": True}
    response = client().get("/readyz")
    assert (response.status_code, response.json()["version"]) == (200, "v1")
    assert response.headers["cache-control"] == "no-store"


def test_a_server_without_an_edition_lives_and_is_not_ready():
    app = application(status=lambda: Status(ready=False, reason="No version has passed its checks yet."))
    assert client(app).get("/livez").status_code == 200
    response = client(app).get("/readyz")
    assert response.status_code == 503
    told = response.json()
    assert (told["ready"], told["version"], told["reason"]) == (False, None, "No version has passed its checks yet.")
    assert "Serves nothing yet." in client(app).get("/").text


class Links(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag == "a":
            self.found.append(dict(attrs)["href"])


@pytest.mark.parametrize("coding", ["gzip", "br", "identity"])
def test_a_page_that_is_sent_again_is_as_long_as_it_says(coding):
    visitor = client()
    for _ in range(3):
        response = visitor.get("/graphql", headers={"Accept": "text/html", "Accept-Encoding": coding})
        assert response.text.endswith("</html>\n")
        assert response.headers.get("content-encoding", "identity") == coding


def test_every_link_of_the_front_page_leads_somewhere():
    response = client().get("/")
    assert response.status_code == 200
    assert '<html lang="en">' in response.text
    links = Links(response.text).found
    assert links == ["graphql", "versions", "schema.graphql", "readyz"]
    for link in links:
        assert client().get(f"/{link}", headers={"Accept": "text/html,*/*;q=0.8"}).status_code == 200


def test_the_front_page_escapes_what_it_shows():
    page = client(status=lambda: Status(ready=True, version="<b>v</b>")).get("/").text
    assert "&lt;b&gt;v&lt;/b&gt;" in page


@pytest.mark.parametrize(("path", "type_"), [("graphiql.js", "text/javascript"), ("graphiql.css", "text/css")])
def test_the_files_of_graphiql_are_served(path, type_):
    if not (STATIC / path).is_file():
        pytest.skip("GraphiQL has not been built")
    response = client().get(f"/static/{path}")
    assert response.headers["content-type"].startswith(type_)
    again = client().get(f"/static/{path}", headers={"If-None-Match": response.headers["etag"]})
    assert again.status_code == 304


# What the middleware that compresses, and does it for each request, would read in another way than we do.
ODD = "gzip;q=0.1, identity", "x, " * 400 + "gzip"


@pytest.mark.parametrize("path", ["/static/graphiql.js", "/schema.graphql"])
@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "*", "identity", *ODD])
def test_what_is_large_and_stays_the_same_is_compressed_once(path, coding, monkeypatch):
    if not (STATIC / "graphiql.js").is_file():
        pytest.skip("GraphiQL has not been built")
    compressed = []
    counting = {name: lambda body, make=make: compressed.append(1) or make(body) for name, make in CODINGS.items()}
    monkeypatch.setattr(packed, "CODINGS", counting)
    visitor = client()
    asked = [visitor.get(path, headers={"Accept-Encoding": coding}) for _ in range(3)]
    assert len({response.content for response in asked}) == 1
    assert [response.headers.get("content-encoding") for response in asked] == [
        None if coding in ("identity", *ODD) else "zstd" if coding == "*" else coding
    ] * 3
    assert len(compressed) == (asked[0].headers.get("content-encoding") is not None)
    assert "Accept-Encoding" in asked[0].headers["vary"]


@pytest.mark.parametrize("path", ["/nope", "/static/nope.js", "/static/../application.py", "/static/%2e%2e/routes.py"])
def test_what_is_not_there_is_a_problem(path):
    response = client().get(path)
    assert (response.status_code, response.headers["content-type"]) == (404, PROBLEM)
    assert response.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "There is nothing at this path.",
        "code": "NOT_FOUND",
        "requestId": response.headers["Request-Id"],
    }


@pytest.mark.parametrize(
    "path", ["/", "/versions", "/schema.graphql", "/livez", "/readyz", "/metrics", "/static/graphiql.js"]
)
def test_a_method_that_is_not_answered_is_a_problem(path):
    response = client().post(path)
    assert (response.status_code, response.headers["content-type"]) == (405, PROBLEM)
    assert response.json()["code"] == "METHOD_NOT_ALLOWED"


def test_a_problem_says_which_methods_there_are():
    assert client().delete("/livez").headers["allow"] == "GET, HEAD"


def broken() -> Status:
    raise RuntimeError("secret of /etc/passwd")


def test_a_failure_of_ours_shows_nothing_but_that_it_is_ours():
    response = TestClient(application(status=broken), raise_server_exceptions=False).get(
        "/readyz", headers={"Origin": "https://app.example"}
    )
    assert (response.status_code, response.headers["content-type"]) == (500, PROBLEM)
    assert response.json()["code"] == "INTERNAL"
    assert "secret" not in response.text
    assert response.headers["access-control-allow-origin"] == "*"
    assert [response.headers[name.decode()] for name, _ in ALWAYS] == [value.decode() for _, value in ALWAYS]


def test_a_failure_of_ours_reaches_the_servers_log():
    with pytest.raises(RuntimeError, match="secret"):
        client(status=broken).get("/readyz")


@pytest.mark.parametrize("path", ["/", "/graphql?query={name}", "/schema.graphql", "/livez", "/nope"])
def test_every_answer_has_the_safe_headers(path):
    response = client().get(path)
    for name, value in ALWAYS:
        assert response.headers[name.decode()] == value.decode()


@pytest.mark.parametrize("path", ["/", "/graphql", "/versions"])
def test_pages_may_load_from_here_only(path):
    policy = client().get(path, headers={"Accept": "text/html"}).headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "script-src 'self';" in policy
    assert "http" not in policy
    assert "content-security-policy" not in client().get("/livez").headers


def test_a_page_of_any_origin_may_ask_and_read_the_headers():
    response = client().get("/graphql?query={name}", headers={"Origin": "https://app.example"})
    assert response.headers["access-control-allow-origin"] == "*"
    assert {"Query-Cost", "Retry-After"} <= set(response.headers["access-control-expose-headers"].split(", "))
    assert "access-control-allow-credentials" not in response.headers


def preflight(origin: str, method: str = "POST", **options):
    headers = {"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": "x-client"}
    return client(**options).options("/graphql", headers=headers)


def test_a_preflight_is_answered():
    response = preflight("https://app.example")
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["access-control-allow-headers"] == "x-client"
    assert preflight("https://app.example", "DELETE").status_code == 400


def test_origins_can_be_restricted():
    origins = ("https://app.example",)
    assert preflight("https://app.example", origins=origins).headers["access-control-allow-origin"] == origins[0]
    assert preflight("https://other.example", origins=origins).status_code == 400
    response = client(origins=origins).get("/livez", headers={"Origin": "https://other.example"})
    assert "access-control-allow-origin" not in response.headers


DECODERS = {"zstd": zstandard.decompress, "br": brotli.decompress, "gzip": gzip.decompress}


@pytest.mark.parametrize("encoding", DECODERS)
@pytest.mark.parametrize("media", ["application/json", "application/graphql-response+json"])
def test_answers_are_compressed(encoding, media):
    document = "{ __schema { types { name fields { name } } } }"
    with client().stream(
        "GET",
        "/graphql",
        params={"query": document},
        headers={"Accept": media, "Accept-Encoding": encoding},
    ) as response:
        raw = b"".join(response.iter_raw())
    assert response.headers["content-encoding"] == encoding
    assert "Accept-Encoding" in response.headers["vary"]
    plain = client().get("/graphql", params={"query": document}, headers={"Accept-Encoding": "identity"})
    assert DECODERS[encoding](raw) == plain.content
    assert len(raw) < len(plain.content) / 3


def test_what_is_small_or_not_wanted_is_not_compressed():
    small = client().get("/graphql?query={name}", headers={"Accept-Encoding": "gzip"})
    refused = client().get("/schema.graphql", headers={"Accept-Encoding": "gzip;q=0"})
    assert "content-encoding" not in small.headers
    assert "content-encoding" not in refused.headers


def test_even_what_is_small_is_compressed_for_who_takes_nothing_else():
    answer = client().get("/graphql?query={name}", headers={"Accept-Encoding": "br, identity;q=0"})
    assert answer.headers["content-encoding"] == "br"
    assert answer.json() == {"data": {"name": "small"}}


@pytest.mark.parametrize("accept_encoding", ["identity;q=0", "*;q=0", "deflate, identity;q=0"])
def test_a_coding_that_cannot_be_sent_is_refused_before_anything_is_done(accept_encoding):
    answer = client().get("/graphql?query={name}", headers={"Accept-Encoding": accept_encoding})
    assert (answer.status_code, answer.headers["cache-control"]) == (406, "no-store")
    [error] = answer.json()["errors"]
    assert error["extensions"]["code"] == "NOT_ACCEPTABLE"
    assert "zstd, br, gzip, identity" in error["message"]


def test_a_problem_is_kept_by_no_cache():
    for response in (client().get("/no-such"), client().post("/livez")):
        assert response.headers["cache-control"] == "no-store"


def test_a_slash_too_many_leads_back():
    response = client().get("/graphql/")
    assert response.status_code == 307
    assert response.headers["location"].endswith("/graphql")


def test_the_lifespan_is_run():
    events: list[str] = []

    @asynccontextmanager
    async def lifespan(app):
        events.append("started")
        yield
        events.append("stopped")

    with client(lifespan=lifespan) as running:
        assert running.get("/livez").status_code == 200
        assert events == ["started"]
    assert events == ["started", "stopped"]
