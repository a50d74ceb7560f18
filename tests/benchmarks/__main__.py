"""`make bench`: every figure beside its target and the baseline measured in the same run.

Says MISSED where a target is missed, and ends with 0 all the same: figures of one machine are for people.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict

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
from tests.benchmarks.figures import Figure, table

Say = Callable[[str], None]
Benchmark = Callable[[Say], list[Figure]]

BENCHMARKS: dict[str, Benchmark] = {
    "intake": lambda say: http_intake.run(),
    "start-up": start_up.run,
    "halt": halt.run,
    "workspace": lambda say: workspace.run(),
    "disconnects": disconnects.run,
    "record": record.run,
    "candles": candles.run,
    "orders": orders.run,
    "supervising": supervising.run,
}


def measure(names: Sequence[str], console: Console) -> list[Figure]:
    """Run these benchmarks one after the other; what is going on is shown where results do not go."""
    figures: list[Figure] = []
    for number, name in enumerate(names, start=1):
        title = f"{number} of {len(names)}: {name}"
        began = time.perf_counter()
        with console.status(title) as shown:
            figures += BENCHMARKS[name](lambda doing, title=title: shown.update(f"{title}: {doing}"))
        console.print(f"{title}: {time.perf_counter() - began:.0f} s", highlight=False)
    return figures


def as_json(figures: Sequence[Figure]) -> str:
    """One document: figures with their unit, target, baseline and whether the target is met."""
    return json.dumps({"figures": [{**asdict(figure), "met": figure.met} for figure in figures]}, indent=2)


def main() -> None:
    """Measure what is named, or everything."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(BENCHMARKS)}")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    if unknown := set(options.names) - set(BENCHMARKS):
        parser.error(f"there is no benchmark {sorted(unknown)[0]!r}; there are {', '.join(BENCHMARKS)}")
    figures = measure(options.names or list(BENCHMARKS), Console(stderr=True))
    if options.json:
        sys.stdout.write(as_json(figures) + "\n")
    else:
        table(figures)


if __name__ == "__main__":
    main()
