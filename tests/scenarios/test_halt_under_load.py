"""Everything goes wrong in the moment in which somebody halts."""

import asyncio
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from threading import Event, Thread

import httpx
import pytest

from bot.practice.people import OTTO, RITA, TRADING_OPS
from tests.scenarios.desk import DEADLINE_S, Desk, until
from trading.gateway_files import gateway_process


@pytest.mark.parametrize("commands", [50, pytest.param(500, marks=pytest.mark.prove)])
def test_a_halt_passes_by_everything_that_is_in_its_way(desk: Desk, commands: int) -> None:
    """A locked database, a full disk, a Slack that takes no call, a flood: the order stays the same."""
    session = desk.has_live_session()
    sent = len(desk.orders_sent())
    for person in (desk.otto, desk.rita):
        for told in (
            "/peak status",
            "operation_timeout",
        ):  # the flood: answered, or told that it was not taken
            person.may_be_told(told)

    with locked(desk), full_disk(desk), refused_by_slack(desk):
        under_way = Event()
        flood = Thread(target=lambda: asyncio.run(everybody_asks(desk, commands, under_way)))
        flood.start()
        assert under_way.wait(DEADLINE_S)
        desk.sam.says("/peak-kill price feed looks wrong").is_told("1 of 1 gates confirmed")
        until(lambda: "CancelAll" in called(desk), "The exchange was told to cancel nothing")
        flood.join()

    desk.control("market", pair="BTC/USD", trend="down")
    card = desk.channel("trading-ops").expects("Sam halted everything: price feed looks wrong")
    card.now_reads("0 orders, proven by the venue")
    session.now_reads("Why price feed looks wrong", buttons=[])
    desk.olivia.is_told("Sam halted everything")
    assert len(desk.orders_sent()) == sent
    desk.kill_bot()  # the flood is answered one by one, at the pace that Slack allows


def called(desk: Desk) -> list[str]:
    """What the exchange was asked for, in order of arrival."""
    calls = desk.exchange.get("/practice/orders").raise_for_status().json()["calls"]
    return [call["endpoint"] for call in calls]


async def everybody_asks(desk: Desk, commands: int, under_way: Event) -> None:
    """Hundreds of commands in the same moment, by people who do not know of the trouble."""
    async with httpx.AsyncClient(
        timeout=60, trust_env=False, limits=httpx.Limits(max_connections=commands)
    ) as http:
        asked = [
            http.post(
                f"{desk.practice.workspace_url}/desk/say",
                json={"as": person.id, "channel": TRADING_OPS.id, "text": "/peak help"},
            )
            for _ in range(commands // 2)
            for person in (OTTO, RITA)
        ]
        for each in asyncio.as_completed(asked):
            await each
            under_way.set()


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
