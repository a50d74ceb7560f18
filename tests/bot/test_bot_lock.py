"""A home has one bot."""

import os
from pathlib import Path

import pytest

from bot.bot_lock import BotLock, BotRuns


def test_a_second_bot_is_refused(tmp_path: Path) -> None:
    """It is told which process runs, and what to do."""
    first = BotLock(tmp_path / "home")

    with pytest.raises(BotRuns, match=rf"process {os.getpid()}.*PEAK_OPS_HOME"):
        BotLock(tmp_path / "home")

    first.release()
    BotLock(tmp_path / "home").release()


def test_another_home_has_its_own(tmp_path: Path) -> None:
    """Two desks on one machine."""
    first, second = BotLock(tmp_path / "one"), BotLock(tmp_path / "two")
    first.release()
    second.release()
    assert (tmp_path / "one").stat().st_mode & 0o777 == 0o700
