"""A signed command, durable before its reply, beside a Bolt app that keeps nothing."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from tests.benchmarks.figures import Figure, table
from tests.benchmarks.load import Latencies, closed_loop, commands, open_loop

RUNS = 5
CLIENTS = 16
REQUESTS = 3000
WARM_UP = 300
OPEN_LOOP_PER_S = 100
OPEN_LOOP_REQUESTS = 400
OPEN_LOOP_P99_MS_MAX = 10.0
P50_SHARE_MAX, P99_SHARE_MAX = 0.5, 1.5


@contextmanager
def server(name: str) -> Iterator[int]:
    """Run one of the two servers in its own process and give its port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.intake_servers", name], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(timeout=10)


def _closed(port: int, run: str) -> Latencies:
    return closed_loop(port, commands(REQUESTS, run), CLIENTS)


def run() -> list[Figure]:
    """Measure five times, in the crowd both servers in turn; the medians of the runs are the figures."""
    ours: list[Latencies] = []
    bare: list[Latencies] = []
    steady: list[Latencies] = []
    with server("bolt") as bolt_port, server("intake") as intake_port:
        for port in (bolt_port, intake_port):
            closed_loop(port, commands(WARM_UP, "0"), CLIENTS)
        for number in range(1, RUNS + 1):  # before the crowds, whose work the listeners do for seconds after
            requests = commands(OPEN_LOOP_REQUESTS, f"{number}00")
            steady.append(open_loop(intake_port, requests, OPEN_LOOP_PER_S))
        for number in range(1, RUNS + 1):
            bare.append(_closed(bolt_port, f"{number}"))
            ours.append(_closed(intake_port, f"{number}"))
    bare_p50, bare_p99 = median(run.p50_ms for run in bare), median(run.p99_ms for run in bare)
    return [
        Figure(
            f"command saved and acknowledged, {CLIENTS} clients, p50",
            median(run.p50_ms for run in ours),
            "ms",
            target=bare_p50 * P50_SHARE_MAX,
            baseline=bare_p50,
        ),
        Figure(
            f"command saved and acknowledged, {CLIENTS} clients, p99",
            median(run.p99_ms for run in ours),
            "ms",
            target=bare_p99 * P99_SHARE_MAX,
            baseline=bare_p99,
        ),
        Figure(
            f"command saved and acknowledged, {OPEN_LOOP_PER_S}/s, p99",
            median(run.p99_ms for run in steady),
            "ms",
            target=OPEN_LOOP_P99_MS_MAX,
        ),
    ]


if __name__ == "__main__":
    table(run())
