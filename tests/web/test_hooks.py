"""`/hooks/git`: who is listened to. What is signed here is signed by the algorithms that the hosts publish."""

from __future__ import annotations

import base64
import hashlib
import hmac
import socket
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx2
import pytest
import standardwebhooks
from starlette.testclient import TestClient

from content_api.web.hooks import LARGEST_DELIVERY
from content_api.web.signatures import Seen, Verification, secret_of
from tests.live import live
from tests.web.small import client

SECRET = "a secret of the git host"
OTHER = "the secret that is to replace it"
SIGNING = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()
BODY = b'{"ref": "refs/heads/main"}'

Headers = Mapping[str, str]


def digest(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def github(secret: str, body: bytes) -> Headers:
    return {"X-Hub-Signature-256": f"sha256={digest(secret, body)}", "X-GitHub-Delivery": "72d3162e"}


def gitea(secret: str, body: bytes) -> Headers:
    return {"X-Gitea-Signature": digest(secret, body)}


def forgejo(secret: str, body: bytes) -> Headers:
    return {"X-Forgejo-Signature": digest(secret, body)}


def gitlab(secret: str, body: bytes) -> Headers:
    return {"X-Gitlab-Token": secret}


def standard(secret: str, body: bytes, at: float | None = None, identity: str = "msg_1") -> Headers:
    """As the library of Standard Webhooks signs: it is not ours, so that both cannot be wrong in the same way."""
    when = int(time.time() if at is None else at)
    key = secret if secret.startswith("whsec_") else secret.encode()
    signature = standardwebhooks.Webhook(key).sign(identity, datetime.fromtimestamp(when, UTC), body.decode())
    return {"webhook-id": identity, "webhook-timestamp": str(when), "webhook-signature": signature}


SIGNED = [github, gitea, forgejo, standard]
Sign = Callable[[str, bytes], Headers]


class Looks:
    """Counts how often somebody was told to look."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        self.times += 1


@pytest.fixture
def looks() -> Looks:
    return Looks()


@pytest.fixture
def hooked(looks: Looks) -> TestClient:
    return client(look=looks, hook_secrets=[SECRET, OTHER, SIGNING])


def call(hooked: TestClient, headers: Headers, body: bytes = BODY) -> int:
    return hooked.post("/hooks/git", content=body, headers=headers).status_code


@pytest.mark.parametrize(
    ("sign", "secret"),
    [*((sign, secret) for sign in (*SIGNED, gitlab) for secret in (SECRET, OTHER)), (standard, SIGNING)],
)
def test_who_knows_one_of_the_secrets_is_listened_to(hooked: TestClient, looks: Looks, sign: Sign, secret: str):
    answer = hooked.post("/hooks/git", content=BODY, headers=sign(secret, BODY))
    assert (answer.status_code, answer.json(), looks.times) == (202, {"looking": True}, 1)
    assert answer.headers["cache-control"] == "no-store"


def test_the_example_of_githubs_documentation_is_good():
    verification = Verification(
        {"x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"},
        [secret_of("It's a Secret to Everybody")],
        now=0,
    )
    verification.feed(b"Hello, ")
    verification.feed(b"World!")
    assert verification.refusal(Seen()) is None


def test_the_example_of_standard_webhooks_is_good():
    verification = Verification(
        {
            "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "webhook-timestamp": "1614265330",
            "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        },
        [secret_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")],
        now=1614265330,
    )
    verification.feed(b'{"test": 2432232314}')
    assert verification.refusal(Seen()) is None


@pytest.mark.parametrize(
    "headers",
    [
        {},
        github("another secret of the host", BODY),
        github(SECRET, BODY + b" "),
        gitea("another secret of the host", BODY),
        forgejo(SECRET, b""),
        gitlab("another secret of the host", BODY),
        gitlab(SECRET[:-1], BODY),
        gitlab("", BODY),
        gitlab("geh\u00fctet", BODY),
        standard("another secret of the host", BODY),
        standard(SECRET, BODY) | {"webhook-id": "msg_2"},
        {name: value for name, value in standard(SECRET, BODY).items() if name != "webhook-id"},
        standard(SECRET, BODY) | {"webhook-timestamp": "soon"},
        standard(SECRET, BODY) | {"webhook-timestamp": str(int(time.time()) + 1)},
        standard(SECRET, BODY) | {"webhook-signature": "v1,not base64"},
        standard(SECRET, BODY) | {"webhook-signature": "v1"},
        standard(SECRET, BODY) | {"webhook-signature": standard(SECRET, BODY)["webhook-signature"].replace("v1", "v2")},
        {"X-Hub-Signature": "sha1=" + hmac.new(SECRET.encode(), BODY, hashlib.sha1).hexdigest()},
        {"X-Hub-Signature-256": digest(SECRET, BODY)},
        {"X-Hub-Signature-256": "sha256="},
        {"X-Gitea-Signature": digest(SECRET, BODY)[:-1]},
    ],
)
def test_who_does_not_is_told_nothing_but_that(hooked: TestClient, looks: Looks, headers: Headers):
    encoded = {name: value.encode("latin-1") for name, value in headers.items()}
    answer = hooked.post("/hooks/git", content=BODY, headers=encoded)
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, looks.times) == (401, 0)
    assert answer.json() == {
        "type": "about:blank",
        "title": "Unauthorized",
        "status": 401,
        "detail": "The signature of a webhook is missing, wrong, too old, or has been used before.",
        "code": "SIGNATURE_REFUSED",
        "requestId": answer.headers["Request-Id"],
    }


@pytest.mark.parametrize("sign", SIGNED)
def test_a_delivery_that_is_replayed_is_refused_whatever_id_it_is_given(hooked: TestClient, looks: Looks, sign: Sign):
    headers = sign(SECRET, BODY)
    assert [call(hooked, headers), call(hooked, headers)] == [202, 401]
    assert call(hooked, dict(headers) | {"X-GitHub-Delivery": "another"}) == 401
    assert call(hooked, sign(SECRET, BODY + b" "), BODY + b" ") == 202
    assert looks.times == 2


def test_the_same_signature_in_another_header_is_a_replay(hooked: TestClient):
    assert [call(hooked, sign(SECRET, BODY)) for sign in (github, gitea, forgejo)] == [202, 401, 401]


def test_a_delivery_is_good_when_it_is_tried_again_after_a_failure(hooked: TestClient):
    headers = github(SECRET, BODY)
    assert [call(hooked, headers, BODY[:-1]), call(hooked, headers)] == [401, 202]


def test_standard_webhooks_are_tried_again_with_a_new_timestamp(hooked: TestClient):
    now = time.time()
    assert [call(hooked, standard(SECRET, BODY, now)), call(hooked, standard(SECRET, BODY, now + 2))] == [202, 202]


@pytest.mark.parametrize(("off", "status"), [(-290, 202), (290, 202), (-310, 401), (310, 401)])
def test_a_timestamp_far_from_now_is_refused(hooked: TestClient, off: int, status: int):
    assert call(hooked, standard(SECRET, BODY, time.time() + off)) == status


def test_one_of_several_signatures_is_enough(hooked: TestClient):
    wrong = standard("another secret of the host", BODY)["webhook-signature"]
    headers = standard(SECRET, BODY)
    assert call(hooked, dict(headers) | {"webhook-signature": f"v1a,xyz {wrong} {headers['webhook-signature']}"}) == 202


def test_what_is_remembered_is_bounded():
    seen = Seen(most=2)
    assert [seen.is_new(one) for one in (b"a", b"b", b"a", b"c", b"a")] == [True, True, False, True, True]


@pytest.mark.parametrize("options", [{}, {"hook_secrets": [SECRET]}, {"look": Looks()}])
def test_without_a_secret_or_anything_to_look_at_there_is_nothing_here(options: dict):
    answer = client(**options).post("/hooks/git", content=BODY, headers=github(SECRET, BODY))
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
    assert answer.headers["content-type"] == "application/problem+json"


def test_only_post_is_answered(hooked: TestClient):
    answer = hooked.get("/hooks/git")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def test_a_body_that_no_host_sends_is_refused_before_it_is_read(hooked: TestClient, looks: Looks):
    headers = {"Content-Length": str(LARGEST_DELIVERY + 1)} | dict(github(SECRET, BODY))
    answer = hooked.post("/hooks/git", content=BODY, headers=headers)
    assert (answer.status_code, answer.json()["code"], looks.times) == (413, "BODY_TOO_LARGE", 0)


def test_a_large_delivery_is_good(hooked: TestClient):
    body = BODY + b" " * 5_000_000
    assert call(hooked, github(SECRET, body), body) == 202


def test_what_nobody_has_signed_is_refused_before_its_body_comes():
    with live("tests.web.hooked:app") as server:
        address = urlsplit(server.url)
        with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
            connection.sendall(b"POST /hooks/git HTTP/1.1\r\nHost: test\r\nContent-Length: 1000000\r\n\r\n")
            assert connection.recv(65_536).startswith(b"HTTP/1.1 401")
        with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
            signed = f"X-Hub-Signature-256: {github(SECRET, BODY)['X-Hub-Signature-256']}"
            connection.sendall(f"POST /hooks/git HTTP/1.1\r\nHost: test\r\n{signed}\r\n".encode())
            connection.sendall(b"Transfer-Encoding: chunked\r\n\r\n")
            for byte in BODY:
                connection.sendall(b"1\r\n%c\r\n" % byte)
            connection.sendall(b"0\r\n\r\n")
            assert connection.recv(65_536).startswith(b"HTTP/1.1 202")
        leaving = socket.create_connection((address.hostname, address.port), timeout=10)
        leaving.sendall(f"POST /hooks/git HTTP/1.1\r\nHost: test\r\n{signed}\r\nContent-Length: 100\r\n\r\n{{".encode())
        leaving.close()
        storm = [httpx2.post(f"{server.url}/hooks/git", content=BODY, trust_env=False) for _ in range(20)]
        assert {answer.status_code for answer in storm} == {401}
        log = server.log.read_text()
    assert "no signature that is known" in log
    assert SECRET not in log
    assert "Traceback" not in log
