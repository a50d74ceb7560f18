"""The practice workspace under load: it must never be what a test or a measurement waits for."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from urllib.parse import urlsplit

import httpx

from bot.demo import SHIPPED_CONFIG
from bot.practice.people import OLIVIA, TRADING_ALERTS, TRADING_OPS
from bot.practice.server import BOT_TOKEN
from tests.benchmarks.figures import Figure, table
from tests.benchmarks.load import closed_loop

RUNS = 3
CLIENTS = 8
CALLS = 2_000
# 500 calls a second.
CALL_MS_MAX = 2.0

_HEAD = (
    "POST /api/{method} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
    "Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
)
_CARD = [
    {"type": "header", "text": {"type": "plain_text", "text": "BTC/USD is live"}},
    {"type": "section", "text": {"type": "mrkdwn", "text": "Holds *0.001 BTC*, PnL +1.20 USD"}},
    {
        "type": "actions",
        "elements": [
            {"type": "button", "action_id": name, "text": {"type": "plain_text", "text": name}}
            for name in ("stop", "halt")
        ],
    },
]


@contextmanager
def workspace() -> Iterator[str]:
    """Run the workspace in a process of its own, without rates; gives its address."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "bot.practice",
            "--without-rates",
            f"--manifest={SHIPPED_CONFIG / 'slack_manifest.json'}",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield str(json.loads(process.stdout.readline())["url"])
    finally:
        process.terminate()
        process.wait(timeout=10)


def _call(method: str, **arguments: object) -> bytes:
    body = json.dumps(arguments).encode()
    return _HEAD.format(method=method, token=BOT_TOKEN, length=len(body)).encode() + body


def _mixture(number: int, ts: str) -> bytes:
    """What the bot does: post a line, redraw a card, look whether a message is there, ask who somebody is."""
    return (
        _call("chat.postMessage", channel=TRADING_OPS.id, text=f"line {number}", blocks=_CARD),
        _call("chat.update", channel=TRADING_ALERTS.id, ts=ts, text="card", blocks=_CARD),
        _call("users.info", user=OLIVIA.id),
        _call("chat.postMessage", channel=TRADING_ALERTS.id, text=f"line {number}", thread_ts=ts),
        _call("conversations.history", channel=TRADING_OPS.id, limit=5, include_all_metadata=True),
    )[number % 5]


def run() -> list[Figure]:
    """Measure whole runs, each among all that the earlier ones have posted; the median is the figure."""
    spent_s: list[float] = []
    with workspace() as url:
        answer = httpx.post(
            f"{url}/api/chat.postMessage",
            json={"channel": TRADING_ALERTS.id, "text": "card", "blocks": _CARD},
            headers={"Authorization": f"Bearer {BOT_TOKEN}"},
        ).json()
        requests = [_mixture(number, answer["ts"]) for number in range(CALLS)]
        for _ in range(RUNS):
            latencies = closed_loop(urlsplit(url).port or 0, requests, CLIENTS)
            # Clients wait side by side, so their waits together are the time times the clients.
            spent_s.append(sum(latencies.seconds) / CLIENTS)
    return [
        Figure(
            f"practice workspace, a call among others, {CLIENTS} clients",
            median(spent_s) / CALLS * 1000,
            "ms",
            target=CALL_MS_MAX,
        )
    ]


if __name__ == "__main__":
    table(run())
