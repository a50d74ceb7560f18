"""A practice exchange over real HTTP with a clock that only the test moves, and the real ccxt class on it."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.trading.practice_exchange.desk import (
    NOON,
    Connect,
    FixedClock,
    Kraken,
    Practice,
    client_of,
    secret_of,
)
from trading.practice_exchange.keys import MAIN_ACCOUNT, ApiKey, Right
from trading.practice_exchange.rates import TIERS, Tier
from trading.practice_exchange.server import PracticeExchange


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


@pytest.fixture
def tier() -> Tier:
    """A clock that stands still lets no counter fall, so these tests have limits of their own."""
    return TIERS["drill"]


@pytest.fixture
def exchange(clock: FixedClock, tier: Tier) -> Iterator[PracticeExchange]:
    with PracticeExchange.running(clock=clock, seed=7, tier=tier) as running:
        yield running


@pytest.fixture
def connect(exchange: PracticeExchange, clock: FixedClock) -> Connect:
    def make(name: str = "desk", rights: str = "query,trade,cancel", account: str = MAIN_ACCOUNT) -> Kraken:
        words = frozenset(Right(word) for word in rights.split(",") if word)
        exchange.exchange.keys.add(ApiKey(name, secret_of(name), words, account), clock())
        return client_of(exchange.url, name, secret_of(name))

    return make


@pytest.fixture
def kraken(connect: Connect) -> Kraken:
    """The desk's own client: it may query, trade and cancel."""
    return connect()


@pytest.fixture(scope="session")
def http() -> Iterator[httpx.Client]:
    with httpx.Client() as client:
        yield client


@pytest.fixture
def practice(exchange: PracticeExchange, http: httpx.Client) -> Practice:
    def call(control: str, **fields: Any) -> Any:
        url = f"{exchange.url}/practice/{control}"
        answer = http.post(url, json=fields) if fields else http.get(url)
        answer.raise_for_status()
        return answer.json()

    return call
