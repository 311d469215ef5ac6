"""Hostile clients over real sockets: each act against our server, which withstands it, and a plain one, which does
not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.hostile.acts import ACTS
from tests.hostile.peer import Peer, exchange, statuses

Act = Callable[[Peer], None]
each_act = pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)


@each_act
def test_our_server_withstands_it_and_answers_the_next(ours: Peer, act: Act):
    act(ours)
    with ours.connected() as connection:
        assert statuses(exchange(connection, ours.post())) == [200]


@each_act
def test_a_plain_server_does_not(plain: Peer, act: Act):
    with pytest.raises((AssertionError, ValueError, TimeoutError)):
        act(plain)
