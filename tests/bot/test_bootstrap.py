"""How the bot's parts are put together, where a part's own tests cannot see it."""

import socket
from pathlib import Path

import pytest

from bot import bootstrap


def test_a_card_does_not_wait_for_a_slow_venue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gateway is there and does not answer: a card, of a halt perhaps, is drawn without prices."""
    monkeypatch.setattr(bootstrap, "CARD_WAITS_S", 0.05)
    path = tmp_path / "gateway.sock"
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(path))
        silent.listen()
        assert bootstrap.account_now(path, ("BTC/USD", "ETH/USD")) == ({}, ())
