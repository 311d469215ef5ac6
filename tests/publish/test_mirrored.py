"""A publisher that reads a mirror of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from content_api.answers import delivery
from content_api.app import publisher_of
from content_api.delivery.operation import Operation, Reply
from content_api.opening import Started, open_configured, start
from content_api.publish.announcements import Announcements
from content_api.publish.publisher import Publisher
from content_api.publish.purging import Purging
from content_api.settings import Settings
from tests.publish.world import following, moon
from tests.repositories import Repository

pytestmark = pytest.mark.anyio

NAMED = 'query ($v: String!) { content(version: $v) { condition(key: "moon-hiccups") { name } } }'


@contextmanager
def mirrored(repository: Repository, cache: Path) -> Iterator[tuple[Started, Publisher]]:
    settings = Settings(repository=f"file://{repository.path}", cache=cache)
    started = start(open_configured(settings, fresh=False), settings)
    with started.opened:
        publisher = publisher_of(
            started, settings, delivery(started.current, started.archive), Announcements(), Purging.at(())
        )
        assert publisher
        yield started, publisher


async def asked(started: Started, version: str) -> Reply:
    return await delivery(started.current, started.archive).answer(Operation(NAMED, {"v": version}))


async def test_an_older_version_that_is_damaged_in_the_mirror_is_fetched_again(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    older = repository.commit(moon("Older"))
    repository.commit(moon("Newer"))
    with mirrored(repository, tmp_path / "cache") as (started, publisher):
        damage(started.opened.mirror.path, repository, older)
        assert (await asked(started, older)).codes == ("VERSION_NOT_AVAILABLE",)
        await publisher.look()
        assert b"Older" in (await asked(started, older)).body

        monkeypatch.setattr(publisher.mirror, "renew", lambda: pytest.fail("cloned again and again"))
        started.archive.damaged = True
        await publisher.look()


def damage(mirror: Path, repository: Repository, commit: str) -> None:
    """Empty the one file that a commit changed."""
    blob = repository.git("rev-parse", f"{commit}:content/conditions/moon-hiccups.json")
    file = mirror / "objects" / blob[:2] / blob[2:]
    if not file.exists():  # it came in a pack
        for pack in (mirror / "objects/pack").glob("*.pack"):
            pack.chmod(0o644)
            pack.write_bytes(pack.read_bytes()[:100])
    else:
        file.chmod(0o644)
        file.write_bytes(b"")


async def test_between_two_fetches_the_mirror_is_looked_at_and_a_hook_has_it_fetched_at_once(repository, tmp_path):
    with following(repository, cache=tmp_path / "cache") as seen:
        seen.publisher.poll_seconds = 3600
        await seen.publisher.look()
        pushed = repository.commit(moon("Pushed"))
        await seen.publisher.look()
        assert seen.live != pushed
        seen.publisher.mirror.fetch()  # as another worker does that was told by the hook
        await seen.publisher.look()
        assert seen.live == pushed
        told = repository.commit(moon("Told of"))
        seen.publisher.look_now()
        await seen.publisher.look()
        assert seen.live == told
