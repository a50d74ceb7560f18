"""Run the practice workspace: ``python -m bot.practice``."""

import argparse
import json
import os
import sys
import threading
from pathlib import Path

from bot.clock import system_clock
from bot.practice.codes import read_secrets
from bot.practice.rates import Rates
from bot.practice.server import APP_TOKEN, BOT_TOKEN, Installation, Workspace


def main() -> None:
    """Read the options, serve until interrupted, and say in one JSON line where."""
    parser = argparse.ArgumentParser(prog="python -m bot.practice", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    parser.add_argument("--manifest", type=Path, default=Path("config/slack_manifest.json"))
    parser.add_argument("--request-url", help="post to the app here instead of using Socket Mode")
    parser.add_argument("--exchange-url", help="a practice exchange whose knobs the page may turn")
    parser.add_argument("--without-rates", action="store_true", help="no rate limits, to measure with")
    given = parser.parse_args()
    # From the environment, as the bot has them: whoever may list processes reads every argument.
    secret = os.environ.get("SLACK_SIGNING_SECRET")
    if bool(given.request_url) != bool(secret):
        parser.error("--request-url and SLACK_SIGNING_SECRET go together: a request is always signed")
    installation = Installation(
        given.manifest,
        os.environ.get("SLACK_BOT_TOKEN", BOT_TOKEN),
        os.environ.get("SLACK_APP_TOKEN", APP_TOKEN),
        given.request_url,
        secret,
        rates=Rates.unlimited() if given.without_rates else Rates(),
        exchange_url=given.exchange_url,
        secrets=read_secrets(os.environ.get("PRACTICE_FACTORS", "")),
    )
    with Workspace.running(installation, system_clock, given.port) as workspace:
        sys.stdout.write(json.dumps({"url": workspace.url, "api_url": workspace.api_url}) + "\n")
        sys.stdout.flush()
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
