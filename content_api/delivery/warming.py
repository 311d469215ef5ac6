"""Making a new edition ready before it goes live, so that no reader pays for a publication.

What plans remember of entities, the lists that they sort and the edges that their filters walk are worked out once for
each edition, by whoever asks first. Here that is the thread that made the edition: nobody reads it yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from time import monotonic

from graphql.execution.values import VariableValues

from content_api.content.archive import alone
from content_api.content.deadline import Within
from content_api.delivery.execution import follow
from content_api.delivery.live import Live
from content_api.delivery.plan import Plan
from content_api.errors import RequestError

# A publication of one change takes 70 ms from a push to the first answer, and may take this much longer. Of 50,000
# entities, to find the edges that one filter walks takes 70 to 150 ms: what is not done then, readers do. It is kept.
SECONDS = 0.05


def warm(live: Live, asked: Sequence[tuple[Plan, VariableValues]], seconds: float = SECONDS) -> int:
    """Answer what was asked, as far as there is time, and say how many answers that were. The answers are let go.

    It may run beside the event loop as long as nobody else reads the edition.
    """
    until = monotonic() + seconds
    answered = 0
    with alone(), suppress(RequestError):  # which says that there is no time left
        for plan, variables in asked:
            if (left := until - monotonic()) <= 0:
                break
            with Within(left):
                answered += follow(plan, live.root, variables, live.noting) is not None
    return answered
