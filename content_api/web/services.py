"""What the rest of the program does for the wire, handed in by who wires it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from content_api.delivery.limits import Limits
from content_api.delivery.operation import Operation
from content_api.observe.observer import Observer
from content_api.web.graphql import Answer, AnswerAgain, AnswerAtOnce, AtLeast, Version
from content_api.web.health import Status
from content_api.web.listeners import Listeners, Subscribe
from content_api.web.load import Load
from content_api.web.metrics import Expose
from content_api.web.previews import PreviewRoutes
from content_api.web.versions import Overlook

USUAL_LIMITS = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Called on the event loop. `answer` and `at_least` wait only for a version to come, the others for nothing."""

    schema_text: str
    answer: Answer
    version: Version
    """The one that is live."""
    subscribe: Subscribe
    listeners: Listeners
    """Handed in so that its owner can dismiss them when the server is to end."""
    status: Callable[[], Status]
    overlook: Overlook
    expose: Expose
    limits: Limits = USUAL_LIMITS
    """Of a question. Those of its body and JSON are held here, all others where it is answered."""
    observer: Observer = field(default_factory=Observer)
    """Told of every request."""
    load: Load | None = None
    """How busy the process is; without it nobody is turned away for that."""
    count_refusal: Callable[[str], None] = lambda code: None
    """Told the code of each request that is refused before an operation is read from it."""
    again: Callable[[Operation], AnswerAgain] | None = None
    """What answers an operation that was answered once more; without it, each is answered as if it were the first."""
    at_once: AnswerAtOnce | None = None
    """What reads and answers an operation if nothing has to be waited for; without it, each request is read whole."""
    at_least: AtLeast | None = None
    look: Callable[[], None] | None = None
    """Called when a git host says that there is something new, signed with one of the `hook_secrets`."""
    hook_secrets: Sequence[str] = ()
    previews: PreviewRoutes | None = None
    trusted_only: bool = False
    """Whether only stored documents are answered, so that GraphiQL could ask nothing."""
