"""One document for each live activation, behind the record; a full disk stops no start."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from approvals.request import Assurance
from bot.operations.live import Launched
from bot.projector import Projector
from bot.release_files import ReleaseFiles
from tests.bot.intake import open_database
from tests.bot.operations.rig import Rig
from trading.events import EventKind, TradingEvent
from trading.session import TradingSession


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """A desk over a database file."""
    database = open_database(tmp_path)
    yield Rig(database, tmp_path)
    database.close()


class Following:
    """The documents of a desk, and what is noted with them."""

    def __init__(self, rig: Rig, home: Path) -> None:
        self.noted: list[str] = []
        self.folder = home / "reports" / "releases"
        self.files = ReleaseFiles(home, rig.storage, rig.desk, self.noted.append)

    def documents(self) -> list[str]:
        """What was written, once everything is followed."""
        self.files.follow()
        return [path.read_text() for path in sorted(self.folder.glob("*"))]


def started(rig: Rig, reason: str = "first small run") -> TradingSession:
    """A live session that two people wanted."""
    launched = rig.goes_live(rig.approved(reason=reason).id)
    assert isinstance(launched, Launched)
    return launched.session


def goes_on(rig: Rig, session: TradingSession, kind: EventKind, **facts: str) -> None:
    """Trading reports how the start went, and the projector tells of it."""
    with rig.storage.transaction() as tx:
        tx.events.add(TradingEvent(f"{kind}:{session.id}", kind, tx.now, session.id, dict(facts)))
    Projector(rig.storage, rig.desk).project()


def test_a_document_tells_who_let_what_run(rig: Rig, tmp_path: Path) -> None:
    """Who asked, who approved and how surely it was they, the payload with its digest, the session."""
    following = Following(rig, tmp_path)
    session = started(rig)

    (text,) = following.documents()

    assert "Asked by | Otto, 2026" in text
    assert "| Olivia | T1/U7 | yes |" in text
    assert "Slack session alone" in text
    assert "| Readiness | PASSED" in text
    assert "buy 0.001 of BTC/USD" in text
    assert "| one order | 100 USD |" in text
    assert "| share of equity lost in the day | 5 % |" in text
    assert session.id in text
    assert "is starting" in text
    payload = text.partition("```json\n")[2].partition("\n```")[0]
    assert hashlib.sha256(payload.encode()).hexdigest() in text
    assert following.noted == ["live activation"]
    (path,) = following.folder.glob("*.md")
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_document_says_by_what_each_person_was_known(rig: Rig, tmp_path: Path) -> None:
    """A code of the second factor is another thing than a Slack session."""
    following = Following(rig, tmp_path)
    rig.asked(proof=Assurance.TOTP)
    request = rig.read(lambda tx: tx.requests.recent(1))[0]
    rig.answers(request.id)
    rig.goes_live(request.id)

    (text,) = following.documents()

    assert "code of the second factor" in text


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        (EventKind.SESSION_STARTED, "done: the session is live"),
        (EventKind.SESSION_FAILED, "failed: the session"),
    ],
)
def test_the_outcome_is_written_when_it_is_known(
    rig: Rig, tmp_path: Path, kind: EventKind, outcome: str
) -> None:
    """The same file, whole again."""
    following = Following(rig, tmp_path)
    session = started(rig)
    assert "is starting" in following.documents()[0]

    goes_on(rig, session, kind)

    (text,) = following.documents()
    assert outcome in text


def test_a_document_that_a_crash_kept_from_being_written_is_made_up_for(rig: Rig, tmp_path: Path) -> None:
    """At the next start, from the database; one that is there already is left alone."""
    session = started(rig)
    (text,) = Following(rig, tmp_path).documents()
    goes_on(rig, session, EventKind.SESSION_STARTED)

    later = Following(rig, tmp_path)
    assert later.documents() != [text]
    assert Following(rig, tmp_path).documents() == later.documents()


def test_what_never_started_has_no_document(rig: Rig, tmp_path: Path) -> None:
    """Neither a request that waits nor one that is approved, nor a halt that is cleared."""
    following = Following(rig, tmp_path)
    rig.approved()
    rig.halted()
    rig.clock.passes(minutes=6)
    rig.answers(rig.rearm_asked().request.id)

    assert following.documents() == []


def test_a_full_disk_stops_no_start_and_is_told(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The session is there, an alert says what is missing, and the document follows."""
    following = Following(rig, tmp_path)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("trading.whole_file.os.fsync", full)
        session = started(rig)
        assert following.documents() == []

    assert [one.id for one in rig.sessions()] == [session.id]
    (alert,) = rig.read(lambda tx: tx.alerts.recent(9))
    assert (alert.kind, alert.title) == ("report.unwritten", "A release document could not be written")
    goes_on(rig, session, EventKind.SESSION_STARTED)
    assert len(following.documents()) == 1


def test_rule_13_other_peoples_text_stays_text(rig: Rig, tmp_path: Path) -> None:
    """A reason opens no link, no heading and no cell of the table."""
    following = Following(rig, tmp_path)
    started(rig, reason="[pay](https://evil.example) | # all good <b>\u202e`x`")

    (text,) = following.documents()

    (why,) = [line for line in text.splitlines() if line.startswith("| Why ")]
    assert why.count("|") - why.count("\\|") == 3
    assert re.search(r"(?<!\\)[\[\]`]", why) is None
    assert "<b>" not in text
    assert "https://" not in why
