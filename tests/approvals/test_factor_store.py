"""Second factors in the database: each code once, each wrong one counted, nothing in clear."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from approvals.errors import FactorEnrolled
from approvals.factor import STEP_S, TRIES_MAX, Code, Secret, step_at
from approvals.factor_store import FactorStore
from approvals.person import Person
from approvals.quorum import Reason, Refusal
from approvals.request import Assurance
from bot.database import Database
from tests.approvals.desk import KEY, NOON, OLIVIA, OTTO

SECRETS = {OLIVIA.id: Secret.new(), OTTO.id: Secret.new()}
STEP = timedelta(seconds=STEP_S)


def enrol(database: Database, person: Person = OLIVIA, good_from: datetime = NOON) -> tuple[str, ...]:
    """Enrol somebody ten minutes before noon; gives the recovery codes."""
    before = NOON - timedelta(minutes=10)
    with database.transaction() as session:
        store = FactorStore(session, KEY)
        return store.enrol(person.id, SECRETS[person.id], step_at(before), good_from, before)


def prove(
    database: Database,
    code: str | None = None,
    *,
    by: Person = OLIVIA,
    subject: str = "req-1",
    cause: str = "view:1",
    now: datetime = NOON,
) -> Assurance | Reason:
    """Try a code, by default the one that is shown at noon."""
    typed = SECRETS[by.id].code_at(step_at(NOON)) if code is None else code
    with database.transaction() as session:
        outcome = FactorStore(session, KEY).prove(by.id, Code(typed), subject, cause, now)
    return outcome.reason if isinstance(outcome, Refusal) else outcome


def test_a_code_is_good_once(database: Database) -> None:
    """Not again for the same request, and not half a minute later, when drift would still allow it."""
    enrol(database)

    assert prove(database) is Assurance.TOTP
    assert prove(database, cause="view:2") is Reason.CODE_USED
    assert prove(database, cause="view:2", now=NOON + STEP) is Reason.CODE_USED


def test_a_code_of_another_request_is_refused_as_such(database: Database) -> None:
    """What was typed for one request gives no yes to another."""
    enrol(database)
    prove(database, subject="req-1")

    assert prove(database, subject="req-2", cause="view:2") is Reason.CODE_OF_ANOTHER


def test_a_step_before_one_that_was_used_is_used_too(database: Database) -> None:
    """Time goes forward only: an older code that somebody has noted is worth nothing."""
    enrol(database)
    prove(database)
    older = SECRETS[OLIVIA.id].code_at(step_at(NOON) - 1)

    assert prove(database, older, cause="view:2") is Reason.CODE_USED
    assert prove(database, SECRETS[OLIVIA.id].code_at(step_at(NOON) + 1), cause="view:3") is Assurance.TOTP


def test_the_same_act_may_finish_with_its_code(database: Database) -> None:
    """A crash after the code was taken does not cost the person another half minute."""
    enrol(database)

    assert [prove(database, cause="view:1") for _ in range(2)] == [Assurance.TOTP] * 2
    assert prove(database, cause="view:1", subject="req-2") is Reason.CODE_OF_ANOTHER


def test_a_code_is_its_persons_own(database: Database) -> None:
    """Otto's app says nothing for Olivia."""
    enrol(database)
    enrol(database, OTTO)

    assert prove(database, SECRETS[OTTO.id].code_at(step_at(NOON))) is Reason.CODE_WRONG


def test_the_eleventh_try_is_refused_even_if_right(database: Database) -> None:
    """Ten wrong ones for one request; another request, and another person, are untouched."""
    enrol(database)
    enrol(database, OTTO)

    assert [prove(database, "000000") for _ in range(TRIES_MAX)] == [Reason.CODE_WRONG] * TRIES_MAX
    assert prove(database) is Reason.TOO_MANY_TRIES
    assert prove(database, by=OTTO) is Assurance.TOTP
    assert prove(database, subject="req-2") is Assurance.TOTP


def test_a_used_code_counts_as_a_try(database: Database) -> None:
    """Trying what was seen on a screen is a try like any other."""
    enrol(database)
    prove(database)
    for number in range(TRIES_MAX):
        assert prove(database, cause=f"again:{number}") is Reason.CODE_USED

    assert prove(database, cause="again:more") is Reason.TOO_MANY_TRIES


def test_a_recovery_code_is_good_once(database: Database) -> None:
    """However it is written; what it was used for is known, so that a crash does not cost it."""
    first, second, *_ = enrol(database)

    assert prove(database, first.upper().replace("-", " ")) is Assurance.RECOVERY
    assert prove(database, first) is Assurance.RECOVERY
    assert prove(database, first, cause="view:2") is Reason.CODE_USED
    assert prove(database, second, cause="view:2") is Assurance.RECOVERY
    assert prove(database, "aaaaa-aaaaa", cause="view:3") is Reason.CODE_WRONG


def test_a_restore_leaves_no_recovery_code_good(database: Database) -> None:
    """Neither one that the copy has as unused nor one that was used; who had one left is known."""
    first, second, *_ = enrol(database)
    enrol(database, OTTO)
    prove(database, first)
    with database.transaction() as session:
        assert FactorStore(session, KEY).use_up(NOON) == {OLIVIA.id, OTTO.id}

    assert prove(database, first, cause="view:2") is Reason.CODE_USED
    assert prove(database, second, cause="view:2") is Reason.CODE_VOID
    with database.transaction() as session:
        assert FactorStore(session, KEY).use_up(NOON) == frozenset()


def test_who_has_none_is_refused(database: Database) -> None:
    """With the words that help: where it is enrolled."""
    assert prove(database) is Reason.NOT_ENROLLED
    with database.reading() as session:
        refused = FactorStore(session, KEY).may_prove(OLIVIA.id, NOON)
    assert refused is not None
    assert "peak-ops enrol olivia" in refused.sentence


def test_a_new_factor_waits(database: Database) -> None:
    """Enrolled while the desk is at work, it votes a day later, to the second."""
    enrol(database, good_from=NOON)
    before = NOON - timedelta(seconds=1)

    assert prove(database, now=before) is Reason.FACTOR_WAITS
    assert prove(database) is Assurance.TOTP


def test_a_second_enrolment_is_refused_and_changes_nothing(database: Database) -> None:
    """Whoever holds the shell for a minute does not replace somebody's factor."""
    enrol(database)

    told = r"^olivia has had a second factor since 2026-11-23 11:50 UTC"
    with pytest.raises(FactorEnrolled, match=told), database.transaction() as session:
        FactorStore(session, KEY).enrol(OLIVIA.id, SECRETS[OTTO.id], step_at(NOON), NOON, NOON)
    assert prove(database) is Assurance.TOTP


def test_the_code_that_proved_the_enrolment_is_used_up(database: Database) -> None:
    """It has stood in a terminal."""
    with database.transaction() as session:
        store = FactorStore(session, KEY)
        store.enrol(OLIVIA.id, SECRETS[OLIVIA.id], step_at(NOON), NOON, NOON)

    assert prove(database) is Reason.CODE_USED


def test_nothing_is_kept_in_clear(database: Database) -> None:
    """No secret, no code and no recovery code stands in any of the tables."""
    codes = enrol(database)
    prove(database)
    prove(database, codes[0], cause="view:2")
    prove(database, "314159", cause="view:3")

    with database.reading() as session:
        kept = [
            str(row)
            for table in ("approval_factor", "approval_recovery_code", "approval_factor_try")
            for row in session.connection().execute(text(f"SELECT * FROM {table}"))
        ]
    secret = SECRETS[OLIVIA.id]
    for hidden in (secret.reveal(), "314159", *codes, *(code.replace("-", "") for code in codes)):
        assert not [row for row in kept if hidden in row]
    # Six digits may stand in a hash or a time by chance, so the code is looked for as a field of its own.
    assert not [row for row in kept if f"'{secret.code_at(step_at(NOON))}'" in row]


def test_one_code_at_once_is_taken_once(database: Database) -> None:
    """Eight forms with one code in the same moment: one is a yes."""
    enrol(database)
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda number: prove(database, cause=f"view:{number}"), range(8)))

    assert outcomes.count(Assurance.TOTP) == 1
    assert outcomes.count(Reason.CODE_USED) == 7


def test_a_factor_is_read_without_its_secret(database: Database) -> None:
    """Phrase and times; nobody else's."""
    enrol(database, good_from=NOON)
    with database.reading() as session:
        store = FactorStore(session, KEY)
        factor = store.get(OLIVIA.id)
        assert store.get(OTTO.id) is None
    assert factor is not None
    assert (factor.person, factor.good_from) == (OLIVIA.id, NOON)
    assert factor.enrolled_at == NOON - timedelta(minutes=10)
    assert len(factor.phrase.split()) == 2


def test_a_removed_factor_is_gone_with_its_recovery_codes(database: Database) -> None:
    """Another can be enrolled, and the others of the desk keep theirs."""
    codes = enrol(database)
    enrol(database, OTTO)
    with database.transaction() as session:
        FactorStore(session, KEY).remove(OLIVIA.id)

    assert prove(database) is Reason.NOT_ENROLLED
    assert prove(database, by=OTTO) is Assurance.TOTP
    assert set(enrol(database)).isdisjoint(codes)
    assert prove(database, codes[0]) is Reason.CODE_WRONG


def test_after_a_restore_no_code_of_until_now_counts(database: Database) -> None:
    """Not even that of the next half minute, which a phone ahead of time shows; the one after it does."""
    enrol(database)
    with database.transaction() as session:
        FactorStore(session, KEY).use_up(NOON)

    secret = SECRETS[OLIVIA.id]
    for step in (-1, 0, 1):
        assert prove(database, secret.code_at(step_at(NOON) + step)) is Reason.CODE_USED
    assert prove(database, secret.code_at(step_at(NOON) + 2), now=NOON + STEP) is Assurance.TOTP
    with database.transaction() as session:
        FactorStore(session, KEY).use_up(NOON)
    assert prove(database, secret.code_at(step_at(NOON) + 2), now=NOON + STEP) is Assurance.TOTP


def test_after_a_restore_no_act_is_finished_with_a_code_of_before(database: Database) -> None:
    """Not even one that was begun with the newest code there was, on a phone ahead of time."""
    enrol(database)
    newest = SECRETS[OLIVIA.id].code_at(step_at(NOON) + 1)
    assert [prove(database, newest) for _ in range(2)] == [Assurance.TOTP] * 2
    with database.transaction() as session:
        FactorStore(session, KEY).use_up(NOON)

    assert prove(database, newest) is Reason.CODE_USED


def test_a_wrong_code_counts_for_its_person_and_its_request_alone(database: Database) -> None:
    """Whoever tries on and on shuts out neither the others nor himself from the next request."""
    enrol(database)
    enrol(database, OTTO)
    prove(database, "000000", by=OTTO)
    prove(database, "000000", subject="req-2")
    for _ in range(TRIES_MAX):
        prove(database, "000000")

    with database.transaction() as session:
        refused = FactorStore(session, KEY).prove(OLIVIA.id, Code("000000"), "req-1", "view:9", NOON)
    assert str(refused).startswith("10 wrong codes were tried here")
    assert prove(database, by=OTTO) is Assurance.TOTP
    assert prove(database, subject="req-2") is Assurance.TOTP
