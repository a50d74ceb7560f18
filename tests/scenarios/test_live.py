"""A live session from the first word to the venue's proof."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.scenarios.conversation import Card
from tests.scenarios.desk import CHECKLIST, Desk, open_desk, until


def test_two_people_start_a_live_session_and_one_stops_it(desk: Desk) -> None:
    """The main road: ask, approve, go live, trade, look, stop with proof."""
    desk.control("market", pair="BTC/USD", trend="up")
    desk.otto.says("/peak live start ma_crossover BTC/USD").sees_form("Start a live session")
    ottos, olivias = desk.code_of(desk.otto.id), desk.spare_code_of(desk.olivia.id)
    desk.otto.fills(notional="90", reason="first small run", checklist=CHECKLIST, code="1234567").submits()
    desk.otto.sees_error("code", "not a code of yours").fills(code=spaced(ottos)).submits()
    card = desk.channel("trading-approvals").expects(
        "PRACTICE · Otto asks to go live", buttons=["Approve", "Reject", "Withdraw"]
    )
    desk.otto.is_told("Asked as")
    desk.olivia.is_told("Otto asks to go live")
    card.now_reads("Preview buy")
    card.now_reads("Readiness PASSED")

    desk.otto.clicks(card, "Approve").is_refused("You asked for this yourself")
    desk.gil.clicks(card, "Approve").is_told("You are a guest")
    desk.xena.clicks(card, "Approve").is_told("You come from another team")
    desk.sam.clicks(card, "Approve").is_refused("you hold no role at the desk")
    assert not desk.sessions()

    desk.olivia.clicks(card, "Approve").fills(code=ottos).submits().sees_error("code", "not a code of yours")
    desk.olivia.fills(code=olivias).submits().is_told("counted")
    desk.otto.is_told("was approved by Olivia")
    card.thread.expects("Olivia said yes, with a recovery code. Otto can press Go live until")
    card.now_reads("Approved by Olivia", buttons=["Go live"])
    desk.rita.clicks(card, "Go live").is_refused("Only Otto, who asked, can press Go live")
    desk.otto.clicks(card, "Go live").is_told("Starting BTC/USD")
    session = desk.channel("trading-ops").expects(
        "PRACTICE · 🟢 BTC/USD is live", buttons=["Pause", "Stop", "Halt everything"]
    )
    session.thread.expects("First order: buy")
    for _ in range(desk.fills_of(session)):
        session.thread.expects("Fill: buy")
    card.now_reads("the session is live", buttons=[])
    document = until(lambda: _release(desk, "the session is live"), "No release document tells of the start")
    assert "code of the second factor" in document
    assert "recovery code" in document

    desk.otto.says("/peak status").is_told("BTC/USD ma_crossover live running")
    _has_no_secret(desk)
    _pauses_and_goes_on(desk, session)
    _runs_on_paper_beside_it(desk)
    desk.otto.says("/peak stop BTC/USD enough for today")
    desk.is_stopped(session)
    session.now_reads("stopped by Otto: enough for today")
    session.now_reads("STILL HOLDING")
    assert len(desk.orders_sent()) == 1
    _keeps_no_code(desk, ottos, olivias)
    until(lambda: "Shutdown complete" in _all_logs(desk.home), "No log says Shutdown complete")


def _pauses_and_goes_on(desk: Desk, session: Card) -> None:
    """Rita alone pauses it, the reason is told; Otto and Olivia together let it go on."""
    desk.rita.says("/peak pause BTC/USD the spread is wide").is_told("BTC/USD is paused")
    desk.olivia.is_told("was paused by Rita: the spread is wide")
    session.thread.expects("Paused by Rita: the spread is wide. It opens nothing")
    desk.channel("trading-alerts").expects("A session is paused: BTC/USD")
    session.now_reads("is paused", buttons=["Ask to resume", "Stop", "Halt everything"])

    desk.otto.clicks(session, "Ask to resume").sees_form("Resume a session")
    desk.otto.fills(reason="the spread is back").submits()
    card = desk.channel("trading-approvals").expects(
        "Otto asks to resume", buttons=["Approve", "Reject", "Withdraw"]
    )
    desk.otto.is_told("Asked as")
    desk.olivia.is_told("Otto asks to resume")
    card.now_reads("paused by Rita: the spread is wide")
    desk.is_approved(card, "Resume")
    desk.otto.clicks(card, "Resume").is_told("BTC/USD goes on")
    session.thread.expects("It goes on. The spread is back")
    session.now_reads("is live", buttons=["Pause", "Stop", "Halt everything"])
    card.now_reads("the session goes on", buttons=[])


def _runs_on_paper_beside_it(desk: Desk) -> None:
    """Otto alone; it buys on paper, with a gateway of its own that has no key."""
    desk.control("market", pair="ETH/USD", trend="up")
    desk.otto.says("/peak shadow start ma_crossover ETH/USD").is_told("Starting ETH/USD in shadow")
    session = desk.channel("trading-ops").expects("ETH/USD is", buttons=["Pause", "Stop"])
    session.now_reads("ETH/USD is running in shadow", buttons=["Pause", "Stop"])
    session.thread.expects("First order: buy")
    for _ in range(2):
        session.thread.expects("Fill: buy")
    desk.otto.says("/peak stop ETH/USD").is_told("Stopping ETH/USD")
    session.thread.expects("Otto stops it")
    desk.otto.is_told("0 open orders, proven by the venue")
    session.now_reads("has stopped", buttons=[])


def _release(desk: Desk, told: str) -> str | None:
    """The release document that tells this."""
    texts = [path.read_text() for path in (desk.home / "reports" / "releases").glob("*.md")]
    return next((text for text in texts if told in text), None)


def spaced(code: str) -> str:
    """A code as an app shows it."""
    return f"{code[:3]} {code[3:]}"


def _keeps_no_code(desk: Desk, by_clock: str, recovery: str) -> None:
    """What was typed stands nowhere: not in database, write-ahead log, logs, backup; the votes tell of it."""
    with closing(sqlite3.connect(desk.home / "peak-ops.db")) as live:
        with closing(sqlite3.connect(desk.home / "backup.db")) as backup:
            live.backup(backup)
        votes = live.execute(
            "SELECT person, step_up FROM approval_vote JOIN approval_request ON id = request_id"
            " WHERE action = 'live.activate'"
        ).fetchall()
    assert sorted(votes) == [("olivia", "recovery"), ("otto", "totp")]
    # Six digits may stand in a time or a hash by chance; as they were typed, and as a value, they do not.
    typed = (spaced(by_clock), f'"{by_clock}"', f"'{by_clock}'", recovery, recovery.replace("-", ""))
    files = [path for path in desk.home.rglob("*") if path.is_file()]
    assert {"peak-ops.db", "peak-ops.db-wal", "backup.db", "peak-ops.log"} <= {path.name for path in files}
    kept = {path: path.read_bytes() for path in files}
    assert not [(path, code) for path, text in kept.items() for code in typed if code.encode() in text]


def _has_no_secret(desk: Desk) -> None:
    """A strategy can steal nothing: no key, no token stands in its process's environment, no log is open."""
    pid = until(lambda: desk.sessions()[0].pid, "The session has no process")
    environ = Path(f"/proc/{pid}/environ").read_text()
    for name, value in desk.practice.environ.items():
        if name.endswith(("_KEY", "_SECRET", "_TOKEN")):
            assert value not in environ
    of_ours = ("gateway-kraken.out", "sessions.log", "peak-ops.log", "operations.log")
    modes = {name: oct((desk.home / "logs" / name).stat().st_mode & 0o777) for name in of_ours}
    assert set(modes.values()) == {"0o600"}, modes


def _all_logs(home: Path) -> str:
    return "\n".join(path.read_text(errors="replace") for path in (home / "logs").iterdir() if path.is_file())


def test_the_same_over_signed_http_and_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    """Another transport and another database are settings, and nothing else: the same road."""
    with open_desk(tmp_path / "home", socket_mode=False, database_url=postgres_url) as desk:
        session = desk.has_live_session()
        desk.otto.says("/peak stop all")
        desk.is_stopped(session)
