"""The bot killed at every boundary between two statements of an act, and started again on what is left."""

import os
import re
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from bot.database import Database
from bot.operations.claimed import FinishClaimed
from tests.bot.intake import open_database
from tests.bot.listeners.acting import Listening
from tests.bot.listeners.test_redelivered import (
    Act,
    acknowledging,
    approving,
    approving_ones_own,
    going_live,
    rejecting,
    stopping_by_button,
    withdrawing,
)
from tests.bot.operations.rig import Rig

SPOILT = 255
CHANCE = re.compile("[0-9a-f]{10,}")
ACTS = (approving, rejecting, approving_ones_own, withdrawing, going_live, acknowledging, stopping_by_button)
# In passing every so many-th boundary; `make prove` stops at each.
STEPS = pytest.mark.parametrize("step", [11, pytest.param(1, marks=pytest.mark.prove)])


class Mortal:
    """A desk whose bot can be killed in the middle of an act, as often as wanted."""

    def __init__(self, home: Path, prepare: Callable[[Listening], Act]) -> None:
        self._home, self._kept = home / "desk", home / "kept"
        self._home.mkdir()
        self.database: Database = open_database(self._home)
        self.desk = Listening(Rig(self.database, self._home), self._home)
        self.act = prepare(self.desk)
        self.database.close()
        shutil.copytree(self._home, self._kept)

    def killed_at(self, boundary: int) -> bool:
        """Do the act in a process of its own that dies there; False when it came to its end before."""
        shutil.rmtree(self._home)
        shutil.copytree(self._kept, self._home)
        child = os.fork()
        if child == 0:
            self._die_at(boundary)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "The act itself failed."
        return os.WIFSIGNALED(status)

    def _die_at(self, boundary: int) -> None:
        passed = count(1)

        def reached(*_: Any) -> None:
            if next(passed) == boundary:
                os.kill(os.getpid(), signal.SIGKILL)

        event.listen(Engine, "before_cursor_execute", reached)
        event.listen(Engine, "commit", reached)
        try:
            self.act()
        except BaseException:
            os._exit(SPOILT)
        os._exit(0)

    def starts_again(self) -> None:
        """What a new bot does: finish what is claimed, then hear again what was not noted as done."""
        rig = self.desk.rig
        FinishClaimed(rig.storage, rig.desk, rig.latch)()
        self.act(again=True)

    @contextmanager
    def at_rest(self) -> Iterator[Rig]:
        """Look at what is left; nothing of it is open afterwards."""
        yield self.desk.rig
        self.database.close()

    def what_is_there(self) -> tuple[object, ...]:
        """Record, messages, requests and sessions, as far as no chance is in them."""
        with self.at_rest() as rig:
            messages = sorted(CHANCE.sub("#", f"{row.key} {row.body.get('text')}") for row in rig.outgoing())
            requests = rig.read(lambda tx: [(each.state, each.execution) for each in tx.requests.recent(9)])
            sessions = [each.state for each in rig.sessions()]
            return rig.recorded(), messages, requests, sessions


@STEPS
@pytest.mark.parametrize("prepare", ACTS, ids=lambda given: given.__name__)
def test_an_act_killed_anywhere_is_done_once(
    prepare: Callable[[Listening], Act], step: int, tmp_path: Path
) -> None:
    """Whatever was saved when the bot died, in the end all is there as if it had not died; no vote twice."""
    mortal = Mortal(tmp_path, prepare)
    assert not mortal.killed_at(0)
    expected = mortal.what_is_there()

    boundaries = 0
    for boundary in count(1, step):
        if not mortal.killed_at(boundary):
            break
        mortal.starts_again()
        for now, then in zip(mortal.what_is_there(), expected, strict=True):
            assert now == then, boundary
        boundaries += 1
    assert boundaries
