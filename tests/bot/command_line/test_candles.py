"""`peak-ops candles`: filled from the venue, imported, looked through, accepted; without a bot."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.clock import system_clock
from bot.demo import PACES_MS, TIER, write_config
from bot.installation import read_installation
from bot.settings import Environment
from tests.bot.command_line.conftest import Shell
from trading.practice_exchange.server import PracticeExchange

BTC = ("--symbol", "BTC/USD", "--timeframe", "1h")


@pytest.fixture
def desk(shell: Shell) -> Shell:
    """Give a shell on a home with tables and with people."""
    assert shell("db", "upgrade").code == 0
    read_installation(Environment.from_environ(), system_clock).take_files_as_in_force()
    return shell


@pytest.fixture
def exchange(desk: Shell) -> Iterator[PracticeExchange]:
    """Give an exchange that answers for Kraken."""
    with PracticeExchange.running(clock=system_clock, seed=7, keys=[]) as practice:
        write_config(desk.config, practice.url, PACES_MS[TIER], lambda text: text)
        yield practice


def hours(folder: Path, *openings: int) -> str:
    """Write a file with bars of some hours of a day long gone; gives its path."""
    rows = [f"2026-01-05T{hour:02}:00Z,100,101,99,100,1" for hour in openings]
    path = folder / "bars.csv"
    path.write_text("\n".join(rows), "utf-8")
    return str(path)


def test_candles_come_from_the_venue_and_are_whole(desk: Shell, exchange: PracticeExchange) -> None:
    """What is stored is shown, and a second time there is nothing to do."""
    told = desk("candles", "backfill", "-s", "btc/usd", "--json")
    assert (told.code, json.loads(told.out)) == (
        0,
        {"symbol": "BTC/USD", "timeframe": "1m", "gaps": [], "accepted": []},
    )
    assert "kraken BTC/USD 1m: 719 new." in told.err
    (shown,) = json.loads(desk("candles", "show", "--json").out)
    assert (shown["venue"], shown["bars"], shown["gaps"], shown["missing"]) == ("kraken", 719, 0, 0)
    assert "kraken" in desk("candles", "show").out


def test_gaps_of_a_file_are_told_until_somebody_accepts_them(desk: Shell, tmp_path: Path) -> None:
    """Each by its exact range, exit 1; the acceptance stands in the record, by name and with its reason."""
    assert desk("candles", "import", hours(tmp_path, 1, 2, 5, 6, 9), *BTC).out == (
        "kraken BTC/USD 1h: 5 bars read, 5 new.\n"
    )
    told = desk("candles", "gaps", *BTC)
    first = "[DATA] Gap detected: BTC/USD 1h 2026-01-05T03:00Z..05:00Z (2 missing)"
    second = "[DATA] Gap detected: BTC/USD 1h 2026-01-05T07:00Z..09:00Z (2 missing)"
    assert (told.code, told.out) == (1, f"{first}\n{second}\n")
    assert json.loads(desk("candles", "gaps", *BTC, "--json").out)["gaps"][0] == {
        "from": "2026-01-05T03:00:00+00:00",
        "to": "2026-01-05T05:00:00+00:00",
        "missing": 2,
    }

    words = ("candles", "accept", *BTC, "--from", "2026-01-05T03:00Z", "--reason", "the venue was closed")
    assert desk(*words, "--by", "Otto").code == 0
    told = desk("candles", "gaps", *BTC)
    assert (told.code, told.out) == (1, f"accepted by Otto (the venue was closed): {first}\n{second}\n")
    assert desk(*words[:-3], "2026-01-05T07:00Z", "--reason", "so be it", "--by", "rita").code == 0
    assert desk("candles", "gaps", *BTC).code == 0
    rows = json.loads(desk("audit", "export", "--json").out)
    assert [row["kind"] for row in rows if row["kind"].startswith("candles")] == ["candles.accept"] * 2
    assert desk("audit", "verify").code == 0


def test_who_has_no_role_accepts_nothing(desk: Shell, tmp_path: Path) -> None:
    """Nor does a stranger, and nobody accepts without a reason, or what is no gap."""
    desk("candles", "import", hours(tmp_path, 1, 4), *BTC)
    words = ("candles", "accept", *BTC, "--from", "2026-01-05T02:00Z")
    told = desk(*words, "--reason", "x", "--by", "Sam")
    assert told.code == 3
    assert "Sam has no role at the desk" in told.err
    assert desk(*words, "--reason", " ", "--by", "Otto").code == 3
    assert desk(*words, "--reason", "x", "--by", "Mallory").code == 2
    told = desk(*words[:-1], "2026-01-05T04:00Z", "--reason", "x", "--by", "Otto")
    assert told.code == 2
    assert "2026-01-05T02:00Z" in told.err
    assert desk("candles", "gaps", *BTC).code == 1


def test_a_file_with_a_mistake_is_not_taken(desk: Shell, tmp_path: Path) -> None:
    """Told by its line; what was stored stays."""
    desk("candles", "import", hours(tmp_path, 1, 2), *BTC)
    told = desk("candles", "import", hours(tmp_path, 3, 4, 4), *BTC)
    assert (told.code, told.out) == (1, "")
    assert "line 3: 2026-01-05T04:00:00Z is doubled or out of order. Nothing was imported" in told.err
    assert json.loads(desk("candles", "show", "--json").out)[0]["bars"] == 2


def test_a_venue_that_is_away_is_unknown(desk: Shell, tmp_path: Path) -> None:
    """Exit 4, and what is wrong with the words given is 2."""
    told = desk("candles", "backfill", *BTC)
    assert told.code == 4
    assert "run it again to go on" in told.err
    for words in (("-s", "BTCUSD"), ("-s", "BTC/USD", "-t", "7m"), (*BTC, "--from", "yesterday")):
        assert desk("candles", "backfill", *words).code == 2


def test_a_backfill_goes_back_as_far_as_it_is_told(desk: Shell, exchange: PracticeExchange) -> None:
    """Out of trades, where the venue's candles do not reach."""
    begin = (system_clock() - timedelta(hours=13)).replace(minute=0, second=0, microsecond=0)
    assert desk("candles", "backfill", "-s", "BTC/USD", "--from", begin.isoformat()).code == 0
    (shown,) = json.loads(desk("candles", "show", "--json").out)
    assert (shown["from"], shown["gaps"]) == (begin.isoformat(), 0)
