"""Answering a request: two persons, each once, in time; every refusal has its own sentence."""

from collections.abc import Callable

import pytest

from approvals.audit import Head
from approvals.person import Person
from approvals.request import ApprovalRequest, ExecutionState, RequestId, RequestState, VoteWord
from bot.operations.asker import Asker
from bot.operations.desk import Refused
from bot.operations.request_card import read_card
from bot.operations.requests import (
    AnswerRequest,
    ExpireRequests,
    NoteStranger,
    ReadRequests,
    WithdrawRequest,
)
from bot.outbox import OutboxWriter
from bot.summaries import Compared
from bot.view import as_dicts, check
from bot.views.requests import request_card
from tests.approvals.desk import INA, OLIVIA, OTTO, RITA, SAM, XENA, a_policy, a_rule
from tests.bot.operations.rig import ETH, Rig, at_once, refusal


def withdraws(rig: Rig, request_id: str, by: Person) -> ApprovalRequest | Refused:
    """Take a request back."""
    return WithdrawRequest(rig.storage, rig.desk)(by, RequestId(request_id))


def test_an_owners_yes_approves(rig: Rig) -> None:
    """Vote, decision, record and card in one transaction."""
    request = rig.approved()

    assert request.state is RequestState.APPROVED
    assert rig.recorded() == ["request.created", "request.vote", "request.decided"]
    assert rig.cards() == [f"request:{request.id}"]


@pytest.mark.parametrize(
    ("person", "sentence"),
    [
        (OTTO, "You asked for this yourself"),
        (SAM, "you hold no role at the desk"),
        (INA, "is not active"),
        (XENA, "not on this desk's roster"),
    ],
)
def test_who_may_not_answer_is_told_why(rig: Rig, person: Person, sentence: str) -> None:
    """Each reason in its own words; nothing is counted, and the attempt is on record."""
    request = rig.asked()

    assert sentence in refusal(rig.answers(request.id, by=person))
    assert rig.request(request.id).state is RequestState.PENDING
    assert len(rig.read(lambda tx: tx.requests.votes(request.id))) == 1
    assert rig.recorded() == ["request.created", "request.vote_refused"]


def test_the_requester_cannot_reject_either(rig: Rig) -> None:
    """He can withdraw."""
    assert "You asked for this yourself" in refusal(rig.answers(rig.asked().id, by=OTTO, word=VoteWord.NO))


def test_a_second_account_is_no_second_person(rig: Rig) -> None:
    """Olivia's other account has answered already."""
    rig.with_policy(a_policy(a_rule(persons=3)))
    request = rig.asked()
    rig.answers(request.id, by=OLIVIA)

    assert "answered this already" in refusal(rig.answers(request.id, by=OLIVIA, account=1))
    assert rig.request(request.id).state is RequestState.PENDING


def test_without_an_owner_it_waits_on(rig: Rig) -> None:
    """Two persons are not enough where the policy names a role."""
    request = rig.asked()
    outcome = rig.answers(request.id, by=RITA)

    assert isinstance(outcome, ApprovalRequest)
    assert outcome.state is RequestState.PENDING
    card = rig.read(lambda tx: read_card(tx, rig.desk, request.id))
    assert card is not None
    assert card.missing == "an owner"


def test_one_no_rejects_for_good(rig: Rig) -> None:
    """A yes after it is too late, and says so."""
    request = rig.asked()
    rig.answers(request.id, by=RITA, word=VoteWord.NO, reason="too large")

    assert "already rejected" in refusal(rig.answers(request.id))
    card = rig.read(lambda tx: read_card(tx, rig.desk, request.id))
    assert card is not None
    assert [(name, why) for name, _, why in card.no] == [("Rita", "too large")]


def test_an_answer_after_the_end_is_not_counted(rig: Rig) -> None:
    """To the second, whether or not anybody has tidied up."""
    request = rig.asked()
    rig.clock.passes(seconds=900)

    assert "expired at" in refusal(rig.answers(request.id))
    assert rig.request(request.id).state_at(rig.clock()) is RequestState.EXPIRED


def test_an_unknown_request_is_refused_in_words(rig: Rig) -> None:
    """A button from nowhere."""
    assert "no approval request req-nowhere" in refusal(rig.answers("req-nowhere"))


def test_a_yes_and_a_no_at_once_are_one_decision(rig_on_both: Rig) -> None:
    """One of the two is told that it came too late."""
    rig = rig_on_both
    request = rig.asked()

    outcomes = at_once(
        [
            lambda: rig.answers(request.id, by=OLIVIA),
            lambda: rig.answers(request.id, by=RITA, word=VoteWord.NO),
        ]
    )

    assert sum(isinstance(outcome, ApprovalRequest) for outcome in outcomes) == 1
    assert rig.recorded().count("request.decided") == 1


def test_ten_presses_of_one_person_count_once(rig_on_both: Rig) -> None:
    """Nine are told so, and the record holds."""
    rig = rig_on_both
    request = rig.asked()

    outcomes = at_once([lambda: rig.answers(request.id) for _ in range(10)])

    assert sum(isinstance(outcome, ApprovalRequest) for outcome in outcomes) == 1
    assert len(rig.read(lambda tx: tx.requests.votes(request.id))) == 2
    assert rig.recorded().count("request.vote_refused") == 9


def test_only_the_asker_can_withdraw(rig: Rig) -> None:
    """Anybody else rejects."""
    request = rig.asked()

    assert "Only Otto" in refusal(withdraws(rig, request.id, OLIVIA))
    outcome = withdraws(rig, request.id, OTTO)
    assert isinstance(outcome, ApprovalRequest)
    assert outcome.state is RequestState.CANCELLED
    assert "already cancelled" in refusal(withdraws(rig, request.id, OTTO))


def test_what_is_approved_cannot_be_withdrawn(rig: Rig) -> None:
    """Approved is final; what runs is stopped or halted."""
    assert "already approved" in refusal(withdraws(rig, rig.approved().id, OTTO))


def test_tidying_up_closes_what_is_overdue_once(rig: Rig) -> None:
    """Record and card, and nothing at all when nothing is."""
    expire = ExpireRequests(rig.storage, rig.desk)
    request = rig.asked()
    expire()
    assert rig.request(request.id).state is RequestState.PENDING

    rig.clock.passes(minutes=16)
    expire()
    expire()

    assert rig.request(request.id).state is RequestState.EXPIRED
    assert rig.recorded() == ["request.created", "request.decided"]


def test_what_waits_is_listed_with_whom_it_waits_for(rig: Rig) -> None:
    """For others while pending, for its asker once approved, for nobody after that."""
    rig.asked(cause="a")
    rig.approved(cause="b", symbol=ETH)
    waiting = ReadRequests(rig.storage, rig.desk).pending()

    assert [item.waits_for for item in waiting] == [
        "waits for an owner",
        "Otto can press Go live",
    ]
    rig.clock.passes(minutes=16)
    assert ReadRequests(rig.storage, rig.desk).pending() == ()


def test_the_card_of_every_state_is_drawn(rig: Rig) -> None:
    """From the first ask to the carried out start, Slack takes each card; a request of nobody has none."""

    def draw(request_id: str) -> str:
        card = rig.read(lambda tx: read_card(tx, rig.desk, request_id))
        assert card is not None
        check(request_card(card))
        return str(card.state)

    request = rig.asked(cause="a")
    assert draw(request.id) == "pending"
    rig.answers(request.id)
    assert draw(request.id) == "approved"
    rig.goes_live(request.id)
    assert draw(request.id) == "approved"
    late = rig.asked(cause="b", symbol=ETH)
    rig.clock.passes(minutes=16)
    assert draw(late.id) == "expired"
    assert rig.read(lambda tx: read_card(tx, rig.desk, "req-nowhere")) is None


def test_an_approval_that_nobody_carries_out_lapses(rig: Rig) -> None:
    """When its time is over the button goes, and the record says why."""
    request = rig.approved()
    rig.clock.passes(minutes=9)
    ExpireRequests(rig.storage, rig.desk)()
    assert rig.request(request.id).execution is ExecutionState.NONE

    rig.clock.passes(minutes=2)
    ExpireRequests(rig.storage, rig.desk)()

    lapsed = rig.request(request.id)
    assert (lapsed.execution, lapsed.outcome) == (ExecutionState.VOID, "nobody carried it out in time")
    assert rig.recorded()[-1] == "request.execution"
    assert not rig.sessions()


@pytest.mark.parametrize("subject", ["req-1", "x" * 10_000, "a\nb\x00\u202ec", "", "<!channel>"])
def test_an_attempt_is_recorded_whatever_the_button_carried(rig: Rig, subject: str) -> None:
    """A forged button can carry anything; the record takes one short line of it."""
    NoteStranger(rig.storage)("T9/U5", "approve", subject, "guest")

    assert rig.recorded() == ["refused"]
    entry = rig.read(lambda tx: tx.audit.recent(1))[0]
    assert entry.actor == "T9/U5"
    assert len(entry.subject) <= 60


def test_a_failure_in_the_middle_leaves_nothing(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Vote, decision and card come together or not at all."""
    request = rig.asked()
    broken: Callable[..., None] = lambda *_: (_ for _ in ()).throw(OSError("disk full"))  # noqa: E731
    monkeypatch.setattr(OutboxWriter, "card", broken)

    with pytest.raises(OSError, match="disk full"):
        rig.answers(request.id)

    assert rig.request(request.id).state is RequestState.PENDING
    assert len(rig.read(lambda tx: tx.requests.votes(request.id))) == 1


def told(rig: Rig, lane: str) -> list[str]:
    """What one person is told by direct message, oldest first."""
    return [text for to, text in rig.told() if to == lane]


def test_whoever_could_approve_is_told_that_it_waits(rig: Rig) -> None:
    """An owner is missing, so the owner is told, with the way to the card; nobody else is."""
    request = rig.asked()

    (row,) = rig.outgoing("dm")
    assert (row.lane, row.target["about"]) == ("T1/U7", f"request:{request.id}")
    assert "Otto asks to go live: BTC/USD ma_crossover" in row.body["text"]
    assert "It waits for an owner" in row.body["text"]
    shown = str(row.body["blocks"])
    assert "Why: first small run" in shown
    assert "(12:15 UTC)" in shown


@pytest.mark.parametrize(
    ("word", "outcome"),
    [
        (VoteWord.YES, "was approved by Olivia. Press Go live on its card."),
        (VoteWord.NO, "was rejected by Olivia: too large. It is closed for good."),
    ],
)
def test_the_asker_is_told_what_became_of_it(rig: Rig, word: VoteWord, outcome: str) -> None:
    """His ten minutes run from the approval on, so he hears of it at once, with the way to the button."""
    request = rig.asked()
    rig.answers(request.id, word=word, reason="too large" if word is VoteWord.NO else "")

    row = rig.outgoing("dm")[-1]
    assert (row.lane, row.target["about"]) == (str(OTTO.accounts[0]), f"request:{request.id}")
    assert outcome in row.body["text"]
    assert ("until <!date" in str(row.body["blocks"])) is (word is VoteWord.YES)


def test_the_asker_is_told_when_the_time_is_over(rig: Rig) -> None:
    """Once, whether nobody approved or nobody pressed."""
    rig.asked(cause="a")
    rig.approved(cause="b", symbol=ETH)
    rig.clock.passes(minutes=30)
    for _ in range(2):
        ExpireRequests(rig.storage, rig.desk)()

    _, expired, lapsed = told(rig, str(OTTO.accounts[0]))
    assert "expired while it waited for an owner. Ask again" in expired
    assert "was approved, but nobody carried it out in time. Ask again" in lapsed


def test_who_has_answered_learns_what_is_still_missing(rig: Rig) -> None:
    """Rita's yes counts, and an owner still has to approve."""
    request = rig.asked()
    answer = AnswerRequest(rig.storage, rig.desk)
    asker = Asker(RITA.accounts[0], "cause-1")
    answer(RITA, RITA.accounts[0], RequestId(request.id), VoteWord.YES, asker=asker)

    (reply,) = rig.outgoing("reply")
    assert "is counted; it still waits for an owner, until 12:15 UTC" in reply.body["text"]
    assert "until <!date^" in str(reply.body["blocks"])


def test_an_answer_to_what_lives_for_a_day_is_told_the_day(rig: Rig) -> None:
    """The hour alone would read as one that has passed already."""
    rig.with_policy(a_policy(a_rule(expires_s=86400)))
    request = rig.asked()
    asker = Asker(RITA.accounts[0], "cause-1")
    AnswerRequest(rig.storage, rig.desk)(
        RITA, RITA.accounts[0], RequestId(request.id), VoteWord.YES, asker=asker
    )

    (reply,) = rig.outgoing("reply")
    assert f"until {request.expires_at:%Y-%m-%d %H:%M} UTC" in reply.body["text"]


def test_only_who_may_reject_is_sent_to_reject(rig: Rig) -> None:
    """The next step in a refusal is one that this person can take."""
    request = rig.asked()

    assert "You can reject it" in refusal(withdraws(rig, request.id, by=OLIVIA))
    assert "You can reject it" not in refusal(withdraws(rig, request.id, by=SAM))


def lines_in_thread(rig: Rig, request: ApprovalRequest) -> list[str]:
    """What stands in the thread of a card."""
    return [
        str(row.body["blocks"])
        for row in rig.outgoing("post")
        if row.target["thread_of"] == f"request:{request.id}"
    ]


def test_a_decided_card_names_the_row_of_the_record(rig: Rig) -> None:
    """Card and line in the thread show a head that `audit verify --anchor` takes; one that waits has none."""
    request = rig.asked()
    assert rig.card_of(request).row == ""
    rig.answers(request.id)

    shown = rig.card_of(request).row
    assert Head.parse(shown).sequence == 3
    assert rig.read(lambda tx: tx.audit.verify([Head.parse(shown)])).ok
    assert f"record `{shown}`" in str(as_dicts(request_card(rig.card_of(request)).blocks))
    assert f"Record `{shown}`." in lines_in_thread(rig, request)[-1]
    rig.goes_live(request.id)
    assert Head.parse(rig.card_of(request).row).sequence == 4


def test_each_vote_is_a_line_in_the_thread(rig: Rig) -> None:
    """Who said what, how surely it was they, and what follows from it."""
    request = rig.asked()
    rig.answers(request.id, by=RITA)
    rig.answers(request.id, by=OLIVIA)
    rejected = rig.asked(cause="b", symbol=ETH)
    rig.answers(rejected.id, word=VoteWord.NO, reason="too large")

    first, second = lines_in_thread(rig, request)
    assert "*Rita* said *yes*. It still waits for an owner, until" in first
    assert "*Olivia* said *yes*. Otto can press *Go live* until" in second
    (no,) = lines_in_thread(rig, rejected)
    assert "*Olivia* said *no*: too large. It is closed for good." in no


def test_the_card_compares_with_the_last_approved_activation_of_the_strategy(rig: Rig) -> None:
    """What was only asked for, or came later, is nothing to compare with."""
    first = rig.asked(cause="a")
    assert rig.card_of(first).compared == Compared()
    rig.answers(first.id, word=VoteWord.NO, reason="not now")

    rig.clock.passes(seconds=1)
    second = rig.approved(cause="b")
    rig.clock.passes(seconds=1)
    third = rig.asked(cause="c", symbol=ETH)

    assert rig.card_of(second).compared == Compared()
    compared = rig.card_of(third).compared
    assert compared is not None
    assert (compared.name, compared.changes) == (second.name, (("plan.symbol", "BTC/USD", "ETH/USD"),))
