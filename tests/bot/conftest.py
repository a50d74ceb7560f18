"""What every test of the bot shares."""

import pytest

from bot import halt_route
from tests.bot.intake import DEADLINE_S


@pytest.fixture(autouse=True)
def patient_halts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine makes no latch and no gate late; a test about a late one says when it is late."""
    monkeypatch.setattr(halt_route, "LATCH_TIMEOUT_S", DEADLINE_S)
    monkeypatch.setattr(halt_route, "GATE_TIMEOUT_S", DEADLINE_S)
