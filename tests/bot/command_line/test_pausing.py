"""A shell starts on paper and pauses at once; that a live session goes on it can only ask."""

from dataclasses import replace

from bot.installation import Installation, read_installation
from bot.settings import Environment
from tests.bot.command_line.conftest import Shell
from tests.bot.intake import Clock
from tests.trading.given import a_session
from trading.session import SessionState, Stage


def begun(shell: Shell) -> Installation:
    """A desk with one live session that runs."""
    shell("db", "upgrade")
    installation = read_installation(Environment.from_environ(), Clock())
    installation.take_files_as_in_force()
    installation.latch.begin("olivia", installation.clock())
    with installation.storage().transaction() as tx:
        shadow = a_session()
        plan = replace(shadow.plan, stage=Stage.LIVE)
        tx.sessions.add(replace(shadow, plan=plan, request_id="request-1", state=SessionState.RUNNING))
    return installation


def test_a_pause_from_the_shell_is_on_record_and_goes_on_only_by_slack(shell: Shell) -> None:
    """Who was at the shell stands in the reason; a second pause is refused."""
    installation = begun(shell)
    assert shell("sessions", "pause", "DOGE/USD").code == 2
    told = shell("sessions", "pause", "btc/usd", "feed", "looks", "old")
    assert (told.code, told.err) == (0, "")
    assert "BTC/USD is paused. It opens nothing from now on" in told.out
    with installation.storage().reading() as tx:
        (session,) = tx.sessions.all_open()
        entries = [entry for entry in tx.audit.entries() if entry.kind == "session.pause"]
    assert session.state is SessionState.PAUSED
    assert session.state_reason.endswith("at the shell: feed looks old")
    assert [entry.body["reason"] for entry in entries] == ["feed looks old"]
    assert shell("sessions", "pause", "all").code == 3

    assert "Nobody on the roster" in shell("sessions", "resume", "btc/usd", "back", "--by", "Mallory").err
    assert "hold no role" in shell("sessions", "resume", "btc/usd", "back", "--by", "Sam").err
    assert "Say why" in shell("sessions", "resume", "btc/usd", "--by", "Otto").err
    assert shell("sessions", "resume", "btc/usd", "back", "--by", "Otto").code == 4, "no gateway answers"


def test_a_shell_starts_on_paper_and_nothing_else(shell: Shell) -> None:
    """The session waits for the bot at work, whose gateway needs no key; live is Slack's alone."""
    installation = begun(shell)
    refused = shell("sessions", "start", "--stage", "live", "momentum", "ETH/USD")
    assert (refused.code, "/peak live start" in refused.err) == (2, True)
    assert "is no strategy" in shell("sessions", "start", "--stage", "shadow", "luck", "ETH/USD").err
    told = shell("sessions", "start", "--stage", "shadow", "momentum", "ETH/USD", "--notional", "20")
    assert (told.code, "prices are those of kraken_testnet" in told.out) == (0, True), told
    with installation.storage().reading() as tx:
        newest = tx.sessions.recent(1)[0]
    assert (newest.state, newest.plan.exchange) == (SessionState.STARTING, "kraken_testnet_paper")
