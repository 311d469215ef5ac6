"""The wiring: store -> content -> publish -> schema -> delivery -> web, as calls that one reads from top to bottom."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from starlette.applications import Starlette

from content_api.answers import carrying, delivery, persisted, schema, subscription, warming
from content_api.delivery.delivery import Delivery
from content_api.delivery.lane import Lane
from content_api.delivery.reuse import Answers
from content_api.delivery.subscribe import Subscriptions
from content_api.errors import ContentApiError, exit_code
from content_api.graph.schema import sdl
from content_api.observe.collectors import Table, exposed
from content_api.observe.journal import Journal
from content_api.observe.lines import Lines
from content_api.observe.logs import LEVELS, configure, is_for_a_person, written_by
from content_api.observe.metrics import DELIVERY
from content_api.observe.observer import Observer
from content_api.observe.tracing import Tracing, configured
from content_api.observe.workers import Together
from content_api.opening import Started, opened_and_started
from content_api.previewing import preview_routes
from content_api.publish.announcements import Announcements
from content_api.publish.files import follow_files
from content_api.publish.place import folder_of
from content_api.publish.publisher import POLL_SECONDS, REMOTE_POLL_SECONDS, Publisher
from content_api.publish.purging import Purging
from content_api.settings import Settings, read_settings, unknown_variables
from content_api.standing import Overviews, delivered, metrics_of, status_of
from content_api.web.application import build
from content_api.web.ending import Ending, ending_well
from content_api.web.graphql import AtLeast
from content_api.web.known import STATE as KNOWN
from content_api.web.known import KnownRequests
from content_api.web.listeners import Listeners
from content_api.web.load import Load
from content_api.web.observed import STATE as OBSERVER
from content_api.web.places import STATE as PLACES
from content_api.web.places import Places
from content_api.web.services import Services
from content_api.web.websocket import SocketLimits

log = structlog.get_logger("content_api")

# Seconds that a thread may hold the interpreter while others wait for it. With the usual 5 ms, a request that comes
# while a version is being read waits for longer than it takes; one thread alone is not slowed by asking more often.
SWITCH_SECONDS = 0.0005

# The garbage collector looks at the latest objects after 700 more, at those of ten such looks together, and at all that
# is not frozen after a hundred of these. The last is 10 by default: under attack, that was 60 to 100 ms every five
# seconds. Documents and answers go by their reference counts; what waits for the collector is 700,000 objects at most,
# some 70 MB.
COLLECTIONS = (700, 10, 100)


def application() -> Starlette:
    """`create_app` for a server that imports it: what keeps it from starting is printed, and ends the process."""
    try:
        return create_app()
    except ContentApiError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the log may not be configured, and a person reads this
        raise SystemExit(exit_code(error)) from None


def create_app(settings: Settings | None = None) -> Starlette:
    """The application on the content that the settings, or else the environment, name.

    Raises ContentUnservable when none of its versions can be served, an OperatorError when it cannot be read.
    """
    settings = settings or read_settings()
    configure(settings.log_format, settings.log_level)
    for warning in unknown_variables():
        log.warning(warning)
    return wire(settings, opened_and_started(settings))


def wire(settings: Settings, started: Started) -> Starlette:
    """The application that serves what is current, and follows what changes while it runs."""
    current, archive = started.current, started.archive
    kept = Answers(settings.answer_bytes)
    lane, limits = Lane(most_waiting=settings.lane_waiting), settings.question
    suggests = not settings.trusted_only  # what may not be asked is not told either
    answers = delivery(current, archive, kept, limits, lane, plans=settings.plans, suggests=suggests)
    load = Load(settings.busy_seconds, settings.operations_waiting)
    documents = persisted(settings, answers, load)
    journal = Journal.of_stderr()
    tracing = configured()
    observer = observing(settings, journal, tracing)
    if tracing:
        current.ended = tracing.publication
    known = KnownRequests(observer)
    announcements, listeners, purging = (
        Announcements(),
        Listeners(settings.listeners, settings.send_seconds),
        Purging.at(settings.purge_urls),
    )
    ending = Ending()
    publisher = publisher_of(started, settings, answers, announcements, purging)
    metrics = metrics_of(current, archive, documents, observer)
    metrics.register(Table(DELIVERY, lambda: delivered(kept, known, lane, load, listeners, journal, purging)))
    together = Together.of(metrics, settings.counts)
    services = Services(
        schema_text=sdl(schema()),
        answer=documents.answering(answers),
        again=documents.answering_again(answers),
        at_once=documents.answering_at_once(answers),
        version=lambda: current.edition.version.id,
        subscribe=documents.subscribing(Subscriptions(answers, subscription(announcements, archive))),
        listeners=listeners,
        status=lambda: status_of(current, purging, is_ending=ending.told),
        overlook=Overviews(current).overview,
        expose=lambda media: exposed(together.registry if together else metrics, media),
        observer=observer,
        load=load,
        count_refusal=lambda code: documents.refused.update((code,)),
        at_least=waiting(load, publisher.at_least) if publisher else None,
        look=publisher.look_now if publisher else None,
        hook_secrets=[secret.get_secret_value() for secret in settings.hook_secrets],
        limits=limits,
        previews=preview_routes(settings, publisher, answers, documents),
        trusted_only=settings.trusted_only,
    )
    return build(
        services,
        origins=settings.cors_origins,
        sockets=SocketLimits.of(settings),
        rate=(settings.rate_limit, settings.rate_clients) if settings.rate_limit else None,
        lifespan=lambda app: _logging(
            journal,
            observer,
            _lifespan(
                started,
                ending_well(ending, settings.drain_seconds, listeners.dismiss),
                load,
                {
                    KNOWN: known,
                    OBSERVER: observer,
                    PLACES: Places(settings, settings.proxies, services.count_refusal),
                },
                _following(settings, started, publisher, announcements, purging),
                purging.run(),
                *([together.write_again_and_again()] if together else []),
            ),
        ),
    )


def observing(settings: Settings, journal: Journal, tracing: Tracing | None) -> Observer:
    """What is told of every request, and has the journal write of those that the settings want in the log."""
    journal.on_lost = lambda lines: log.warning("there was no room for lines of the log", lost=lines)
    lines, levels = Lines(is_for_a_person(settings.log_format)), LEVELS[LEVELS.index(settings.log_level) :]
    return Observer(journal.write, lines, settings.log_requests, levels, tracing=tracing)


def waiting(load: Load, at_least: AtLeast) -> AtLeast:
    """The same, with a place of those that may wait."""

    async def wait(commit: str) -> None:
        with load:
            await at_least(commit)

    return wait


def publisher_of(
    started: Started, settings: Settings, answers: Delivery, announcements: Announcements, purging: Purging
) -> Publisher | None:
    """What follows the branch; None for files as they stand."""
    if started.branch is None or started.beginning is None:
        return None
    return Publisher(
        started.branch,
        started.current,
        started.beginning.archive,
        started.beginning.live,
        folder_of(started.opened),
        announce=announcements.announce,
        purge=purging.purge,
        warming=lambda: warming(answers),
        carrying=partial(carrying, answers),
        poll_seconds=settings.poll_seconds or (REMOTE_POLL_SECONDS if started.opened.mirror else POLL_SECONDS),
        mirror=started.opened.mirror,
    )


@asynccontextmanager
async def _logging(
    journal: Journal, observer: Observer, lifespan: AbstractAsyncContextManager[dict[str, Any]]
) -> AsyncIterator[dict[str, Any]]:
    """The same, with nobody waiting for who reads the log."""
    with written_by(journal):
        async with lifespan as state:
            yield state
        observer.settle()


@asynccontextmanager
async def _lifespan(
    started: Started,
    ending: AbstractContextManager[None],
    load: Load,
    below: dict[str, Any],
    *running: Coroutine[None, None, None],
) -> AsyncIterator[dict[str, Any]]:
    """What goes on while the server runs: `running` is begun with it, and cancelled. The protocols below are given what
    they may answer, and what they are held to."""
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.set_threshold(*COLLECTIONS)
    gc.collect()
    gc.freeze()  # what the application is made of lives as long as the process
    tasks = [asyncio.create_task(each) for each in running]
    log.info("serving", version=started.current.edition.version.id, place=started.opened.snapshot.place)
    with ending, load.beating():
        yield below
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    started.opened.end()
    log.info("stopped")


async def _following(
    settings: Settings, started: Started, publisher: Publisher | None, announcements: Announcements, purging: Purging
) -> None:
    """Follow commits always, and files where that is asked for."""
    opened = started.opened
    if publisher:
        await publisher.run()
    elif settings.reload:
        digits = opened.repository.location.digits if opened.repository else 40
        await follow_files(
            started.current,
            Path(opened.snapshot.place),
            folder_of(opened),
            settings.limits,
            digits,
            announcements.announce,
            purging.purge,
        )
