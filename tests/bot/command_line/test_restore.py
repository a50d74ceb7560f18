"""`peak-ops db backup` and `db restore`: what is put back is checked, halted, and opens nothing."""

import json
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from approvals.factor import Code, Secret, step_at
from approvals.person import Person, Role
from approvals.quorum import Reason, Refusal
from approvals.request import Assurance, ExecutionState, RequestState, Vote, VoteWord
from bot.anchor_file import AnchorFile
from bot.command_line.looking import read_here
from bot.database import Database
from bot.home_lock import HomeLock
from bot.installation import Installation
from bot.lease import Lease
from bot.tables import OutboxRow
from tests.approvals.desk import a_request
from tests.bot.command_line.conftest import Shell
from trading.killswitch import Latch

SECRET = Secret.new()


@pytest.fixture
def desk(shell: Shell) -> Installation:
    """A desk that has begun, with one request that waits, one that is approved, and an enrolled owner."""
    shell("db", "upgrade")
    installation: Installation = read_here()
    installation.latch.begin("olivia", installation.clock())
    owner, other = people(installation)
    with installation.storage().transaction() as tx:
        tx.factors.enrol(owner.id, SECRET, step_at(tx.now) - 2, tx.now, tx.now)
        for cause in ("pending", "approved"):
            rule = installation.desk.policy.rule("live.activate")
            request = a_request(
                other, rule, cause, roster=installation.files.roster, account=cause, now=tx.now
            )
            tx.requests.add(request, said_yes(other, tx.now))
            if cause == "approved":
                vote = said_yes(owner, tx.now)
                tx.requests.record_vote(request.id, vote, installation.files.roster, tx.now)
        tx.note("halt", "sam", "halt-1", reason="before the copy")
    return installation


def people(installation: Installation) -> tuple[Person, Person]:
    """An owner of this desk, and somebody else on it."""
    owner = installation.files.roster.with_role(Role.OWNER)[0]
    return owner, next(person for person in installation.files.roster.desk if person.id != owner.id)


def said_yes(person: Person, at: object) -> Vote:
    """A yes with a code."""
    return Vote(person.id, VoteWord.YES, at, person.accounts[0], Assurance.TOTP)  # type: ignore[arg-type]


def copied(shell: Shell, folder: Path) -> Path:
    """A copy of the desk's database."""
    file = folder / "copy.db"
    assert shell("db", "backup", str(file)).code == 0
    return file


def test_a_copy_holds_everything_for_its_owner_alone(
    shell: Shell, desk: Installation, tmp_path: Path
) -> None:
    """One file, without a log beside it; the record in it is whole."""
    told = json.loads(shell("db", "backup", str(tmp_path / "copy.db"), "--json").out)
    file = tmp_path / "copy.db"

    assert (told["head"]["sequence"], told["bytes"]) == (1, file.stat().st_size)
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.glob("*copy*")] == ["copy.db"]


def test_rule_20_a_restored_desk_is_halted_and_what_waited_is_void(
    shell: Shell, desk: Installation, tmp_path: Path
) -> None:
    """The latch says why; the request that waits and the approval that could be used lead to nothing."""
    file = copied(shell, tmp_path)
    with desk.storage().transaction() as tx:
        tx.note("halt", "sam", "halt-2", reason="after the copy")
    desk.database.close()

    told = shell("db", "restore", str(file))

    assert told.code == 0
    assert "HALTED. Start the bot, compare with the venue" in told.out
    state = Latch(shell.home).read()
    assert state.engaged
    assert "the database was restored from copy.db" in state.reason
    with desk.storage().reading() as tx:
        requests = tx.requests.recent(9)
        assert {request.cause: (request.state, request.execution) for request in requests} == {
            "pending": (RequestState.VOID, ExecutionState.NONE),
            "approved": (RequestState.APPROVED, ExecutionState.VOID),
        }
        kinds = [entry.kind for entry in tx.audit.entries()]
        assert kinds == ["halt", "request.decided", "request.execution", "record.restored"]
    (replaced,) = shell.home.glob("peak-ops.db.replaced-*")
    with sqlite3.connect(replaced) as connection:
        assert connection.execute("SELECT count(*) FROM audit_entry").fetchone() == (2,)


def test_rule_20_a_restored_desk_takes_no_code_that_was_used_before(
    shell: Shell, desk: Installation, tmp_path: Path
) -> None:
    """The copy has forgotten which; so none counts until the next one shows."""
    file = copied(shell, tmp_path)
    desk.database.close()
    assert shell("db", "restore", str(file)).code == 0

    owner, _ = people(desk)
    with desk.storage().transaction() as tx:
        for steps in (-1, 0):
            code = Code(SECRET.code_at(step_at(tx.now) + steps))
            assert isinstance(tx.factors.prove(owner.id, code, "req-1", "c", tx.now), Refusal)
        later = tx.now + timedelta(minutes=2)
        fresh = Code(SECRET.code_at(step_at(later)))
        assert tx.factors.prove(owner.id, fresh, "req-1", "c", later) is Assurance.TOTP


def test_a_restore_voids_recovery_codes_and_tells_their_people(
    shell: Shell, desk: Installation, tmp_path: Path
) -> None:
    """One that was used after the copy was made would else be good again."""
    owner, _ = people(desk)
    with desk.storage().transaction() as tx:
        tx.factors.remove(owner.id)
        code, *_ = tx.factors.enrol(owner.id, SECRET, 1, tx.now, tx.now)
    file = copied(shell, tmp_path)
    desk.database.close()
    assert shell("db", "restore", str(file)).code == 0

    with desk.storage().transaction() as tx:
        refused = tx.factors.prove(owner.id, Code(code), "req-1", "c", tx.now)
        outgoing = [(row.key, row.lane, row.body) for row in tx.session.exec(select(OutboxRow))]
    assert isinstance(refused, Refusal)
    assert refused.reason is Reason.CODE_VOID
    ((_, lane, body),) = [row for row in outgoing if row[0].startswith("recovery-codes:")]
    assert lane == str(owner.accounts[0])
    assert "your recovery codes count no more" in body["text"]


def test_the_record_goes_on_from_the_copy(shell: Shell, desk: Installation, tmp_path: Path) -> None:
    """What was anchored behind it went with the replaced database; what comes after it is anchored anew."""
    file = copied(shell, tmp_path)
    anchors = AnchorFile(shell.home, desk.keys.record)
    with desk.storage().transaction() as tx:
        for number in range(9):
            tx.note("halt", "sam", f"halt-{number}", reason="after the copy")
    with desk.storage().reading() as tx:
        anchors.add(tx.audit.head(), "health report", tx.now)
    desk.database.close()

    assert shell("db", "restore", str(file)).code == 0

    assert shell("audit", "verify").code == 0
    with desk.storage().reading() as tx:
        assert [anchor.head for anchor in anchors.read()] == [tx.audit.head()]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "there is no such file"),
        (b"", "it is no desk's database"),
        (b"not a database" * 100, "it is no SQLite database"),
        ("DELETE FROM audit_entry WHERE sequence = 1", "row 1 is missing"),
        ("UPDATE audit_entry SET mac = 'forged'", "not signed with this key"),
        ("UPDATE alembic_version SET version_num = '9999'", "revision 9999"),
    ],
)
def test_a_file_that_is_no_good_changes_nothing(
    shell: Shell, desk: Installation, tmp_path: Path, content: bytes | str | None, why: str
) -> None:
    """The database stays, nobody is halted, and nothing is left lying about."""
    with desk.storage().transaction() as tx:
        tx.note("halt", "sam", "halt-2", reason="before the copy")
    file = copied(shell, tmp_path)
    if isinstance(content, str):
        with sqlite3.connect(file) as connection:
            connection.execute(content)
        connection.close()
    elif content is None:
        file.unlink()
    else:
        file.write_bytes(content)
    desk.database.close()
    before = sorted(path.name for path in shell.home.iterdir())

    told = shell("db", "restore", str(file))

    assert (told.code, told.out) == (2, "")
    assert why in told.err
    assert not Latch(shell.home).engaged()
    assert {*before, "run"} >= {path.name for path in shell.home.iterdir()}


def test_nothing_is_restored_while_a_bot_is_at_work(shell: Shell, desk: Installation, tmp_path: Path) -> None:
    """One of this home by its lock, one of another by its lease; exit 3, and nobody is halted."""
    file = copied(shell, tmp_path)
    lock = HomeLock(shell.home)
    assert lock.take()
    assert (told := shell("db", "restore", str(file))).code == 3
    assert "A bot of this home is at work" in told.err
    lock.release()

    elsewhere = Lease(Database(desk.environment.database_url), tmp_path / "elsewhere", desk.clock)
    assert elsewhere.take()
    assert (told := shell("db", "restore", str(file))).code == 3
    assert "At work is process" in told.err
    assert not Latch(shell.home).engaged()

    elsewhere.release()
    assert shell("db", "restore", str(file)).code == 0


def test_a_server_is_copied_by_its_own_tools(shell: Shell, desk: Installation, tmp_path: Path) -> None:
    """PostgreSQL has them."""
    shell.sets(DATABASE_URL="postgresql://desk@127.0.0.1:1/desk")

    told = shell("db", "restore", str(tmp_path / "copy.db"))

    assert told.code == 2
    assert "pg_dump" in told.err
