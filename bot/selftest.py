"""The checks that an installation makes of itself: no tests folder, no network, no secret is needed.

`python -m bot.selftest` makes them and prints a line of JSON for each; `run_selftest` has that done by a
process whose environment holds nothing but what it needs.
"""

import json
import os
import pkgutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from pathlib import Path

from trading.health import Check, Finding, HealthReport, Verdict, failed, passed, run_checks

PACKAGES = ("approvals", "trading", "bot")
# Programs of their own, which begin their work when they are imported.
PROGRAMS = ("__main__", "bot.migrations")
KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "PYTHONPATH", "PEAK_OPS_CONFIG")
BROKEN = "Install this release again; start nothing until the self-test passes."
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def probes() -> list[tuple[str, Callable[[], Finding]]]:
    """Name and probe of each check, the whole offline trade last."""
    return [
        ("modules", _modules),
        ("migrations", _migrations),
        ("record", _record),
        ("latch", _latch),
        ("limits", _limits),
        ("strategies", _strategies),
        ("candles", _candles),
        ("secrets", _secrets),
    ]


def run_selftest(
    environ: Mapping[str, str], made: Callable[[int], None] = lambda checks: None
) -> HealthReport:
    """Make every check in a process without secrets; `made` hears of each one that is over."""
    allowed = {name: environ[name] for name in KEPT if name in environ}
    checks: list[Check] = []
    # What it says beside its checks goes into a file: a pipe that nobody reads would hold it up.
    with (
        tempfile.TemporaryDirectory(prefix="peak-ops-selftest-") as folder,
        tempfile.TemporaryFile() as aside,
    ):
        with subprocess.Popen(
            [sys.executable, "-m", "bot.selftest"],
            env={**allowed, "PEAK_OPS_HOME": folder},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=aside,
            text=True,
        ) as child:
            for line in child.stdout or ():
                checks.append(_read(line))
                made(1)
        aside.seek(0)
        said = aside.read().decode(errors="replace")
    if child.returncode or not checks:
        detail = f"the self-test broke off with {child.returncode}: {said.strip()[-300:]}"
        checks.append(Check("whole", Verdict.FAILED, detail, 0, BROKEN))
    return HealthReport.of(checks)


def _read(line: str) -> Check:
    """A check as the process has told it; another line is a check that failed."""
    try:
        told = json.loads(line)
        return Check(**{**told, "verdict": Verdict(told["verdict"])})
    except (ValueError, TypeError, KeyError):
        return Check("whole", Verdict.FAILED, f"the self-test said {line.strip()[:200]!r}", 0, BROKEN)


def _modules() -> Finding:
    names = [name for package in PACKAGES for name in _names(package)]
    for name in names:
        import_module(name)
    return passed(f"{len(names)} modules can be loaded")


def _names(package: str) -> Iterator[str]:
    found = import_module(package)
    for module in pkgutil.walk_packages(found.__path__, f"{package}."):
        if not any(part in module.name for part in PROGRAMS):
            yield module.name


def _migrations() -> Finding:
    from bot.database import Database

    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/peak-ops.db")
        try:
            database.upgrade()
            revision = database.require_current()
        finally:
            database.close()
    return passed(f"an empty database comes to revision {revision}")


def _record() -> Finding:
    from approvals.audit import Entry
    from approvals.rows import entry_values
    from approvals.verify import verify

    key, entries, head = os.urandom(32), [], None
    for number in range(3):
        facts = {"kind": "selftest", "actor": "nobody", "subject": "record", "body": {"number": number}}
        entry = Entry.following(head, at=NOON, key=key, **facts)  # type: ignore[arg-type]
        entries.append(entry)
        head = entry.head
    rows = [tuple(entry_values(entry).values()) for entry in entries]
    whole, cut = verify(iter(rows), key), verify(iter([rows[0], rows[2]]), key)
    if not whole.ok or cut.ok:
        return failed("a row that was taken out of the record is not found", BROKEN)
    return passed("rows are chained and signed; one that is missing is found")


def _latch() -> Finding:
    from trading.killswitch import Latch

    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        latch = Latch(home)
        if not latch.read().engaged:
            return failed("a home that nobody has begun is not halted", BROKEN)
        latch.begin("selftest", NOON)
        (home / "HALT").touch()
        if not latch.read().engaged:
            return failed("the file HALT does not halt", BROKEN)
    return passed("a fresh home is halted, and so is one with the file HALT in it")


def _limits() -> Finding:
    from trading.errors import TradingError
    from trading.limits import RiskLimits

    limits = RiskLimits("USD", Decimal(1000), Decimal(5000), Decimal(10000), Decimal(50), Decimal(5))
    for wrong in ("NaN", "-1", "0", "Infinity"):
        try:
            replace(limits, max_daily_loss_abs=Decimal(wrong))
        except TradingError:
            continue
        return failed(f"a limit of {wrong} is taken", BROKEN)
    return passed("what cannot be a limit is refused; the offline trade tries one")


def _strategies() -> Finding:
    from trading.candles import Candle
    from trading.strategy import SHIPPED, load, target_of

    told = []
    for name in SHIPPED:
        strategy = load(name)
        closes = [Decimal(20_000 + 40 * abs(number % 80 - 40)) for number in range(400)]
        bars = [
            Candle(NOON + number * timedelta(minutes=1), close, close, close, close, Decimal(1))
            for number, close in enumerate(closes)
        ]
        targets = [target_of(strategy, bars[:end]) for end in range(strategy.lookback, len(bars))]
        if set(targets) != {Decimal(0), Decimal(1)}:
            return failed(f"{name} does not enter and leave on rising and falling prices", BROKEN)
        told.append(name)
    return passed(f"{', '.join(told)} enter and leave")


def _candles() -> Finding:
    from trading.candle_store import CandleStore, Series
    from trading.candles import Candle, Timeframe

    price, series = Decimal("0.000000012345678901"), Series("kraken", "BTC/USD", Timeframe.M1)
    bars = [Candle(NOON + number * timedelta(minutes=1), *[price] * 5) for number in (0, 1, 4)]
    with tempfile.TemporaryDirectory() as folder:
        store = CandleStore(Path(folder))
        store.add(series, bars)
        if store.candles(series) != bars or [gap.missing for gap in store.gaps(series)] != [2]:
            return failed("candles do not come back as they were stored", BROKEN)
    return passed("kept to the last digit, a gap is found")


def _secrets() -> Finding:
    words = ("SECRET", "TOKEN", "API_KEY", "PASSWORD", "DATABASE_URL")
    found = sorted(name for name in os.environ if any(word in name for word in words))
    if found:
        return failed(f"{', '.join(found)} reached the self-test", BROKEN)
    return passed("none is in the environment of the self-test")


def _main() -> None:
    from bot.clock import system_clock
    from bot.configuration import load_config
    from bot.logs import warnings_to_stderr
    from bot.smoke import SmokeTrade

    warnings_to_stderr(())
    config = Path(os.environ.get("PEAK_OPS_CONFIG", "config"))
    for name, probe in probes():
        _tell(run_checks([(name, probe)]).checks[0])
    for check in SmokeTrade(lambda: load_config(config).live_risk.limits(), system_clock)().checks:
        _tell(check)


def _tell(check: Check) -> None:
    told = {name: getattr(check, name) for name in ("name", "verdict", "detail", "duration_ms", "advice")}
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _main()
