"""Run a practice exchange until it is told to stop: python -m trading.practice_exchange --port 8900."""

import argparse
import json
import os
import signal
import sys
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from trading.practice_exchange.assets import ASSETS, STARTING_BALANCES
from trading.practice_exchange.keys import ApiKey
from trading.practice_exchange.rates import DEFAULT_TIER, TIERS
from trading.practice_exchange.server import PracticeExchange


def now() -> datetime:
    """Read the wall clock."""
    return datetime.now(UTC)


def balance(text: str) -> tuple[str, Decimal]:
    """Read ASSET:AMOUNT; raises ValueError, which argparse turns into a word to the user."""
    asset, _, amount = text.partition(":")
    try:
        return ASSETS[asset].id, Decimal(amount)
    except (KeyError, InvalidOperation):
        raise ValueError(text) from None


def main() -> None:
    """Serve, and say so with one line of JSON once calls can come."""
    parser = argparse.ArgumentParser(prog="practice-exchange", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--seed", type=int, default=1, help="which price path")
    parser.add_argument("--speed", type=float, default=1.0, help="how many times as fast the price moves")
    parser.add_argument(
        "--tier",
        choices=TIERS,
        default=DEFAULT_TIER,
        help="whose call and order limits hold: Kraken's starter, intermediate or pro, or drill for markets"
        " that run faster than a real one; %(default)s unless said otherwise",
    )
    parser.add_argument(
        "--balance",
        type=balance,
        action="append",
        metavar="ASSET:AMOUNT",
        help="what each account begins with, instead of some of everything; for example ZUSD:25000",
    )
    options = parser.parse_args()
    try:  # KEY:SECRET:RIGHTS[:ACCOUNT], between blanks: whoever may list processes reads every argument
        keys = [ApiKey.parse(text) for text in os.environ.get("PRACTICE_KEYS", "").split()]
    except ValueError:
        parser.error("PRACTICE_KEYS: a key is written KEY:SECRET:RIGHTS[:ACCOUNT]")
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    with PracticeExchange.running(
        clock=now,
        seed=options.seed,
        keys=keys,
        speed=options.speed,
        balances=dict(options.balance) if options.balance else STARTING_BALANCES,
        tier=TIERS[options.tier],
        port=options.port,
    ) as practice:
        sys.stdout.write(json.dumps({"url": practice.url, "seed": options.seed}) + "\n")
        sys.stdout.flush()
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


if __name__ == "__main__":
    main()
