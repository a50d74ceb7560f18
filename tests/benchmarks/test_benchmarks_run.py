"""Each benchmark works from end to end; what it measures is never a test's business."""

import json
from collections.abc import Sequence
from io import StringIO

import pytest
from rich.console import Console

from tests.benchmarks import (
    candles,
    disconnects,
    halt,
    http_intake,
    orders,
    record,
    start_up,
    supervising,
    workspace,
)
from tests.benchmarks.__main__ import BENCHMARKS, as_json, measure
from tests.benchmarks.figures import Figure

pytestmark = pytest.mark.xdist_group("benchmarks")


def units(figures: Sequence[Figure]) -> dict[str, str]:
    """What was measured, and in what."""
    assert all(figure.value >= 0 for figure in figures)
    return {figure.name: figure.unit for figure in figures}


def test_the_intake_is_measured_beside_a_bare_bolt_app(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each latency has a target, and those at sixteen clients the baseline that it comes from."""
    for name in ("RUNS", "WARM_UP"):
        monkeypatch.setattr(http_intake, name, 1)
    for name in ("REQUESTS", "OPEN_LOOP_REQUESTS"):
        monkeypatch.setattr(http_intake, name, 20)
    figures = http_intake.run()
    assert units(figures) == {
        "command saved and acknowledged, 16 clients, p50": "ms",
        "command saved and acknowledged, 16 clients, p99": "ms",
        "command saved and acknowledged, 100/s, p99": "ms",
    }
    assert all(figure.target is not None for figure in figures)
    assert [figure.baseline is not None for figure in figures] == [True, True, False]


@pytest.mark.prove
def test_a_start_gives_times_and_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real bot, its gateway and a session are started once and weighed."""
    monkeypatch.setattr(start_up, "RUNS", 1)
    monkeypatch.setattr(start_up, "SESSIONS", 1)
    figures = start_up.run()
    assert units(figures) == {
        "bot ready, fresh home": "s",
        "bot ready, used home": "s",
        "gateway ready, fresh home": "s",
        "peak-ops status, whole process": "s",
        "idle bot, resident": "MB",
        "gateway, resident": "MB",
        "session, private, largest": "MB",
    }
    assert [figure.name for figure in figures if figure.target is None] == ["gateway ready, fresh home"]


@pytest.mark.prove
def test_a_halt_gives_the_time_of_each_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """One desk with a session and an order is halted by a person in the workspace."""
    for name in ("RUNS", "ORDERS_EACH"):
        monkeypatch.setattr(halt, name, 1)
    monkeypatch.setattr(halt, "SIZES", (halt.Size(1, ("BTC/USD",)),))
    monkeypatch.setattr(halt, "COMMANDS", 20)
    names = units(halt.run())
    assert set(names.values()) == {"ms"}
    assert [name.partition(",")[0] for name in names] == [
        "halt to latch on disk",
        "halt to gate shut and told",
        "halt to first cancel there",
        "halt to proof recorded",
        "halt to gate shut and told",
        "halt to first cancel there",
    ]


def test_the_workspace_is_measured_call_by_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """It answers a mixture of the bot's calls, and the figure is a time a call."""
    for name, value in (("RUNS", 1), ("CALLS", 20)):
        monkeypatch.setattr(workspace, name, value)
    assert set(units(workspace.run()).values()) == {"ms"}


def test_disconnects_count_what_went_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few envelopes through a few disconnects, none of them lost or acted on twice."""
    monkeypatch.setattr(disconnects, "ENVELOPES", 40)
    for name in ("BREAKS", "QUIET_BREAKS"):
        monkeypatch.setattr(disconnects, name, 2)
    monkeypatch.setattr(disconnects, "sdk_back_s", lambda: 5.0)  # it takes some seconds each time
    figures = disconnects.run()
    assert units(figures) == {
        "lost or twice, of 40 through 2 disconnects": "",
        "delivered again by Slack": "",
        "back after no close frame, p50": "ms",
        "back after no close frame, slowest": "ms",
        "back while envelopes pour in, p50": "ms",
    }
    assert figures[0].value == 0


def test_the_record_is_measured_beside_a_bare_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Votes on a short and on a long record, and the record followed in each way."""
    for name, value in (("VOTES", 3), ("SHORT", 2), ("LONG", 20), ("RUNS", 1)):
        monkeypatch.setattr(record, name, value)
    figures = record.run(lambda doing: None)
    assert units(figures) == {
        "one vote, durable": "ms",
        "one vote, 20 rows of record": "ms",
        "audit verify, the chain alone": "µs a row",
        "audit verify, with the key": "µs a row",
        "audit verify of an export, with the key": "µs a row",
    }
    assert [figure.baseline is not None for figure in figures] == [True] * 5


def test_gaps_are_found_beside_a_plain_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """In memory and out of the file."""
    for name, value in (("CANDLES", 2_000), ("HOLES", 5), ("RUNS", 1)):
        monkeypatch.setattr(candles, name, value)
    figures = candles.run(lambda doing: None)
    assert [(figure.unit, figure.target, figure.baseline is not None) for figure in figures] == [
        ("s", 0.5, True),
        ("s", None, True),
    ]


def test_an_order_is_measured_up_to_the_wire(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits with few and with many orders remembered, a tick, and intents that really go out."""
    small = {"MANY": 50, "CHECKS": 10, "TICKS": 5, "ORDERS": 1, "RUNS": 1}
    for name, value in small.items():
        monkeypatch.setattr(orders, name, value)
    assert units(orders.run(lambda doing: None)) == {
        "limit check, 10 orders remembered": "µs",
        "limit check, 50 orders remembered": "µs",
        "engine tick, ma_crossover 5/20": "µs",
        "intent to AddOrder on the wire, p50": "ms",
    }


@pytest.mark.prove
def test_the_bot_is_watched_with_and_without_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its processor time, as a share of a core."""
    for name, value in (("SESSIONS", 2), ("WATCHED_S", 0.5)):
        monkeypatch.setattr(supervising, name, value)
    (figure,) = supervising.run(lambda doing: None)
    assert (figure.name, figure.unit) == ("bot with 2 idle sessions", "% of a core")


def test_every_benchmark_is_run_and_progress_goes_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The figures come in order, and the console is told of each benchmark."""
    for name in BENCHMARKS:
        monkeypatch.setitem(BENCHMARKS, name, lambda say, name=name: [Figure(name, 1.0, "s", target=2.0)])
    said = StringIO()
    figures = measure(list(BENCHMARKS), Console(file=said))
    assert [figure.name for figure in figures] == list(BENCHMARKS)
    assert all(f": {name}: " in said.getvalue() for name in BENCHMARKS)


def test_json_says_whether_a_target_is_met() -> None:
    """A figure above its target is not met; one without a target always is."""
    figures = [Figure("slow", 2.0, "s", target=1.0, baseline=3.0), Figure("free", 5.0, "ms")]
    assert json.loads(as_json(figures))["figures"] == [
        {"name": "slow", "value": 2.0, "unit": "s", "target": 1.0, "baseline": 3.0, "met": False},
        {"name": "free", "value": 5.0, "unit": "ms", "target": None, "baseline": None, "met": True},
    ]
