"""All that can stand in a halt's way at once: a locked database, a full disk, a refusing Slack, a flood."""

import asyncio
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from threading import Event, Thread

import httpx

from bot.practice.people import OTTO, RITA, TRADING_OPS
from trading.gateway_files import gateway_process

UNDER_WAY_WITHIN_S = 60.0


@contextmanager
def everything(home: Path, bot: int, workspace_url: str, commands: int) -> Iterator[None]:
    """All of it, until the end of the block; `bot` is a process, `commands` how many the flood has."""
    with ExitStack() as troubles:
        troubles.enter_context(locked(home / "peak-ops.db"))
        troubles.enter_context(full_disk(home, bot))
        troubles.enter_context(refused_by_slack(workspace_url))
        troubles.enter_context(flooded(workspace_url, commands))
        yield


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Somebody else holds the database."""
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.execute("ROLLBACK")


@contextmanager
def full_disk(home: Path, bot: int) -> Iterator[None]:
    """No file of bot and gateway can grow by a single byte."""
    gateway = gateway_process(home, "kraken")
    assert gateway is not None
    before = {
        pid: resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        for pid in (bot, gateway.pid)
    }
    try:
        yield
    finally:
        for pid, limits in before.items():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)


@contextmanager
def refused_by_slack(workspace_url: str) -> Iterator[None]:
    """Each call of the bot is answered with 429."""

    def fault(**wanted: object) -> None:
        httpx.post(f"{workspace_url}/practice/fault", json=wanted, trust_env=False).raise_for_status()

    fault(kind="rate_limit", value="1", count=0)
    try:
        yield
    finally:
        fault(kind="none")


@contextmanager
def flooded(workspace_url: str, commands: int) -> Iterator[None]:
    """Hundreds of commands in the same moment; begins once one is answered, ends when all are."""
    under_way = Event()
    flood = Thread(target=lambda: asyncio.run(_everybody_asks(workspace_url, commands, under_way)))
    flood.start()
    try:
        assert under_way.wait(UNDER_WAY_WITHIN_S)
        yield
    finally:
        flood.join()


async def _everybody_asks(workspace_url: str, commands: int, under_way: Event) -> None:
    """By people who do not know of the trouble."""
    limits = httpx.Limits(max_connections=commands)
    async with httpx.AsyncClient(timeout=60, trust_env=False, limits=limits) as http:
        asked = [
            http.post(
                f"{workspace_url}/desk/say",
                json={"as": person.id, "channel": TRADING_OPS.id, "text": "/peak help"},
            )
            for _ in range(commands // 2)
            for person in (OTTO, RITA)
        ]
        for each in asyncio.as_completed(asked):
            await each
            under_way.set()
