"""`/peak shadow start`: one person, one line; what it cannot start it names."""

from dataclasses import replace
from pathlib import Path

import pytest

from approvals.person import Person
from tests.approvals.desk import OTTO, SAM
from tests.bot.intake import open_database
from tests.bot.listeners.acting import Listening
from tests.bot.operations.rig import Rig
from trading.session import SessionState, Stage


@pytest.fixture
def desk(tmp_path: Path) -> Listening:
    """The listeners of a desk over a database file, with an account for shadow."""
    rig = Rig(open_database(tmp_path), tmp_path)
    rig.desk = replace(rig.desk, shadow_account="kraken_paper")
    return Listening(rig, tmp_path)


@pytest.mark.parametrize(
    ("typed", "account", "notional"),
    [
        ("shadow start ma_crossover btc/usd", "kraken_paper", "100"),
        ("shadow start ma_crossover BTC/USD 5m 20 —dummy", "dummy_paper", "20"),
    ],
)
def test_one_line_starts_a_session_on_paper(desk: Listening, typed: str, account: str, notional: str) -> None:
    """With the configured parameters and the limit of an order as its cap, unless something else is said."""
    desk.says(typed)
    (session,) = desk.rig.sessions()
    assert (session.plan.stage, session.state) == (Stage.SHADOW, SessionState.STARTING)
    assert (session.plan.exchange, str(session.plan.notional_max)) == (account, notional)
    assert session.plan.parameters == (("fast", "5"), ("slow", "20"))
    assert session.request_id is None
    assert "orders are filled on paper" in desk.answers()[-1]
    assert desk.rig.recorded() == ["session.start"]
    assert desk.rig.cards() == [f"session:{session.id}"]


@pytest.mark.parametrize(
    ("typed", "by", "told"),
    [
        ("shadow", OTTO, "Type /peak shadow start"),
        ("shadow start ma_crossover", OTTO, "Type /peak shadow start"),
        ("shadow begin ma_crossover BTC/USD", OTTO, "Type /peak shadow start"),
        ("shadow start ma_crosover BTC/USD", OTTO, "Did you mean ma_crossover?"),
        ("shadow start ma_crossover DOGE/USD", OTTO, "is no symbol of this desk"),
        ("shadow start ma_crossover BTC/USD 7m", OTTO, "is no bar length of this desk"),
        ("shadow start ma_crossover BTC/USD 1m 1e9", OTTO, "Nothing was started."),
        ("shadow start ma_crossover BTC/USD", SAM, "you hold no role"),
    ],
)
def test_what_cannot_be_started_is_said(desk: Listening, typed: str, by: Person, told: str) -> None:
    """Too few words, one that is mistyped, too much money, nobody of the desk: no session, no card."""
    desk.says(typed, by)
    assert told in desk.answers()[-1]
    assert desk.rig.sessions() == []


def test_the_same_runs_once_and_a_halt_lets_none_begin(desk: Listening) -> None:
    """A second one of the kind is refused by the first one's name; another symbol is not."""
    desk.says("shadow start ma_crossover BTC/USD", cause="a")
    (first,) = desk.rig.sessions()
    desk.says("shadow start ma_crossover BTC/USD", cause="b")
    assert f"runs in shadow already as {first.id}" in desk.answers()[-1]
    desk.says("shadow start ma_crossover ETH/USD", cause="c")
    desk.rig.halted()
    desk.says("shadow start ma_crossover ETH/USD 5m", cause="d")
    assert "Everything is halted, so nothing was started" in desk.answers()[-1]
    assert len(desk.rig.sessions()) == 2


def test_without_an_exchange_for_shadow_only_the_dummy_runs(desk: Listening) -> None:
    """And the sentence says what to write where."""
    desk.rig.desk.shadow_account = ""
    desk.says("shadow start ma_crossover BTC/USD", cause="a")
    assert "Name one in [stages] of config.toml" in desk.answers()[-1]
    desk.says("shadow start ma_crossover BTC/USD --dummy", cause="b")
    assert len(desk.rig.sessions()) == 1
