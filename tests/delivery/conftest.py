"""Tests that ask for `turns` are run twice: as things are, and with every attempt pausing at each look at the clock."""

from __future__ import annotations

import pytest

from content_api.delivery.delivery import Delivery
from tests.delivery.turns import in_turns


@pytest.fixture(scope="module", params=["in one go", "in turns"])
def turns(request: pytest.FixtureRequest):
    if request.param == "in one go":
        yield
        return
    attempt = Delivery.attempt
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Delivery, "attempt", lambda self, *given: in_turns(lambda: attempt(self, *given)))
        yield
