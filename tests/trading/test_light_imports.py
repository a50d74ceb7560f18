"""What a session's process loads."""

import subprocess
import sys

SESSION_SIDE = (
    "trading.candles",
    "trading.engine",
    "trading.instrument",
    "trading.order",
    "trading.position",
    "trading.session",
    "trading.strategies.ma_crossover",
    "trading.strategies.momentum",
    "trading.strategies.rsi_reversion",
    "trading.strategy",
)
HEAVY = ("sqlalchemy", "sqlmodel", "pydantic", "ccxt", "slack_bolt", "slack_sdk", "numpy")


def test_a_session_loads_no_heavy_library() -> None:
    """The modules of a session's process come without database, venue or chat libraries."""
    code = (
        f"import sys, {', '.join(SESSION_SIDE)}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    )

    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    ).stdout.split()

    assert "trading" in loaded
    assert not set(HEAVY) & set(loaded)
