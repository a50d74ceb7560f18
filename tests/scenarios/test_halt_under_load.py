"""Everything goes wrong in the moment in which somebody halts."""

import asyncio
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from threading import Thread

import httpx

from bot.practice.people import OTTO, RITA, TRADING_OPS
from tests.scenarios.desk import Desk, until
from trading.gateway_files import gateway_process

FLOOD = 500


def test_a_halt_passes_by_everything_that_is_in_its_way(desk: Desk) -> None:
    """A locked database, a full disk, a Slack that takes no call, 500 commands: the order stays the same."""
    session = desk.has_live_session()
    sent = len(desk.orders_sent())
    for person in (desk.otto, desk.rita):
        person.may_be_told("")  # the flood: each is answered, or told that it was not taken

    with locked(desk), full_disk(desk), refused_by_slack(desk):
        flood = Thread(target=lambda: asyncio.run(everybody_asks(desk)))
        flood.start()
        desk.sam.says("/peak-kill price feed looks wrong").is_told("1 of 1 gates confirmed")
        cancels = until(lambda: cancelled(desk), "The exchange was told to cancel nothing")
        assert cancels[0] == "CancelAll"
        flood.join()

    desk.control("market", pair="BTC/USD", trend="down")
    card = desk.channel("trading-ops").expects("Sam halted everything: price feed looks wrong")
    card.now_reads("0 orders, proven by the venue")
    session.now_reads("was halted", buttons=[])
    desk.olivia.is_told("Sam halted everything")
    desk.channel("trading-alerts").may_say("")  # what the trouble itself has left behind
    assert len(desk.orders_sent()) == sent


def cancelled(desk: Desk) -> list[str]:
    """The cancels in the exchange's journal."""
    calls = desk.exchange.get("/practice/orders").raise_for_status().json()["calls"]
    return [call["endpoint"] for call in calls if call["endpoint"].startswith("Cancel")]


async def everybody_asks(desk: Desk) -> None:
    """Hundreds of commands in the same moment, by people who do not know of the trouble."""
    async with httpx.AsyncClient(
        timeout=60, trust_env=False, limits=httpx.Limits(max_connections=FLOOD)
    ) as http:
        asked = [
            http.post(
                f"{desk.practice.workspace_url}/desk/say",
                json={"as": person.id, "channel": TRADING_OPS.id, "text": "/peak help"},
            )
            for _ in range(FLOOD // 2)
            for person in (OTTO, RITA)
        ]
        await asyncio.gather(*asked)


@contextmanager
def locked(desk: Desk) -> Iterator[None]:
    """Somebody else holds the database."""
    with closing(sqlite3.connect(desk.home / "peak-ops.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.execute("ROLLBACK")


@contextmanager
def full_disk(desk: Desk) -> Iterator[None]:
    """No file of bot and gateway can grow by a single byte."""
    gateway = gateway_process(desk.home, "kraken")
    assert desk.bot is not None
    assert gateway is not None
    before = {
        pid: resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        for pid in (desk.bot.pid, gateway.pid)
    }
    try:
        yield
    finally:
        for pid, limits in before.items():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)


@contextmanager
def refused_by_slack(desk: Desk) -> Iterator[None]:
    """Each call of the bot is answered with 429."""
    desk.slack_fault("rate_limit", value="1", count=0)
    try:
        yield
    finally:
        desk.slack_fault("none")
