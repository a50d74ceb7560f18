"""The listeners over one desk, as the bot registers them, and a way to have each act delivered again."""

import json
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from slack_sdk import WebClient
from slack_sdk.models.views import View

from approvals.in_force import Kind
from approvals.person import Person
from approvals.request import ApprovalRequest, VoteWord
from bot import faces
from bot.identity import Identity
from bot.listeners.answers import AnswerListeners
from bot.listeners.card_press import CardPress
from bot.listeners.changes import ChangeListeners
from bot.listeners.desk import DeskListeners
from bot.listeners.drills import DrillListeners
from bot.listeners.front import Front, answered_once
from bot.listeners.jobs import Jobs
from bot.listeners.pausing import PauseListeners, ResumeListeners
from bot.listeners.requests import RequestListeners
from bot.listeners.sessions import SessionListeners
from bot.listeners.shadow import ShadowListeners
from bot.operations.alerts import AcknowledgeAlert
from bot.operations.changes import ProposeChange, PutInForce
from bot.operations.desk import ACTIVATE, DRILL, RESUME
from bot.operations.drill import FinishDrill, RequestDrill
from bot.operations.factor_change import RequestFactor
from bot.operations.forged import CheckPressed
from bot.operations.halt import ClearHalt, RequestRearm
from bot.operations.health import CheckHealth, DeskChecks, Machine
from bot.operations.limits import TightenLimits
from bot.operations.live import GoLive
from bot.operations.look import Look
from bot.operations.pausing import PauseSession
from bot.operations.request_card import read_card
from bot.operations.requests import AnswerRequest, NoteStranger, ReadRequests, WithdrawRequest
from bot.operations.resuming import RequestResume, ResumeLive
from bot.operations.sessions import StopSession
from bot.operations.shadow import StartShadow
from bot.operations.status import ReadStatus
from bot.operations.step_up import StepUp
from bot.payloads import Delivery
from bot.practice.content import as_kept
from bot.rehearsal import Rehearsal
from bot.slack_app import build_app, dispatch
from bot.summaries import RequestCard
from bot.tables import CardRow
from bot.view import as_dicts
from bot.views.answer_form import APPROVAL, REJECTION, Answering
from bot.views.requests import request_card
from tests.approvals.desk import OTTO
from tests.bot.operations.rig import Rig
from tests.bot.slack_payloads import click, command, submission

PLACE = ("C0APPROVALS", "1795360600.000100")


@dataclass
class AtOnce:
    """Stands in for the inbox: a job is done as soon as it is saved."""

    dispatch: Callable[[Mapping[str, Any], str, bool], object]

    def accept(self, delivery: Delivery) -> "Future[None]":
        """Do it, and say that it is on disk."""
        self.dispatch(delivery.payload, delivery.key, False)
        saved: Future[None] = Future()
        saved.set_result(None)
        return saved


@dataclass
class Listening:
    """One bot's listeners over a rig; what a person does goes through Bolt, as after the inbox."""

    rig: Rig
    home: Path
    blocks: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rig, desk = self.rig, self.rig.desk
        self.app = build_app(WebClient(token="xoxb-test", base_url="http://127.0.0.1:1/api/"))
        note = NoteStranger(rig.storage)
        front = Front(Identity(lambda: desk.roster, self._users_info), rig.storage, note)
        self.app.middleware(answered_once(rig.storage))
        self.clear_halt = ClearHalt(rig.storage, desk, rig.latch)
        self.stop = StopSession(rig.storage, desk, rig.gateway)
        self.acknowledge = AcknowledgeAlert(rig.storage, desk)
        reader = ReadRequests(rig.storage, desk)
        press = CardPress(front, CheckPressed(rig.storage, desk, lambda _: None))
        AnswerListeners(front, press, AnswerRequest(rig.storage, desk), practice=True).register(self.app)
        RequestListeners(
            front,
            press,
            reader,
            WithdrawRequest(rig.storage, desk),
            {
                ACTIVATE: GoLive(rig.storage, desk, rig.start, lambda: None),
                RESUME: ResumeLive(rig.storage, desk, rig.start),
                "rearm": self.clear_halt,
                DRILL: FinishDrill(rig.storage, desk),
                **dict.fromkeys(
                    (kind.action for kind in Kind), PutInForce(rig.storage, desk, lambda: rig.files)
                ),
            },
            RequestRearm(rig.storage, desk, rig.latch),
            StepUp(rig.storage, desk),
        ).register(self.app)
        DrillListeners(front, RequestDrill(rig.storage, desk), StepUp(rig.storage, desk)).register(self.app)
        propose = ProposeChange(rig.storage, desk, lambda: rig.files)
        factors = RequestFactor(rig.storage, desk)
        tighten = TightenLimits(rig.storage, desk, lambda: rig.files.value(Kind.LIMITS))
        ChangeListeners(front, propose, tighten, factors, StepUp(rig.storage, desk)).register(self.app)
        SessionListeners(front, self.stop).register(self.app)
        start = StartShadow(rig.storage, desk, rig.latch, lambda: None)
        ShadowListeners(front, start).register(self.app)
        PauseListeners(front, PauseSession(rig.storage, desk)).register(self.app)
        jobs, resume = (
            Jobs(AtOnce(self._dispatch), b"k" * 32),
            RequestResume(rig.storage, desk, rig.rehearsing.readiness, rig.latch),
        )
        ResumeListeners(front, resume, StepUp(rig.storage, desk), jobs).register(self.app)
        machine = Machine(self.home)
        checks = DeskChecks(rig.storage, desk, rig.latch, machine)
        look = Look(desk, checks, rig.gateway, Rehearsal.preview)  # type: ignore[arg-type]
        health = CheckHealth(rig.storage, desk, checks, machine, rig.gateway)
        status = ReadStatus(rig.storage, desk, rig.latch, rig.gateway)
        DeskListeners(front, status, health, look, self.acknowledge).register(self.app)

    def says(self, text: str, by: Person = OTTO, *, cause: str = "command:1", again: bool = False) -> None:
        """Type `/peak ...`; `again` is the same command, delivered to the listener once more."""
        payload = {**command(text), "team_id": by.accounts[0].team, "user_id": by.accounts[0].user}
        self._dispatch(payload, cause, again)

    def presses(
        self,
        action_id: str,
        value: str,
        by: Person = OTTO,
        *,
        cause: str = "action:1",
        again: bool = False,
        place: tuple[str, str] = PLACE,
        **message: Any,
    ) -> None:
        """Press a button of the card that hangs in the approvals channel, or of a `message` unlike it."""
        channel, ts = place
        payload = {
            **click(action_id, value=value),
            "user": {"id": by.accounts[0].user, "team_id": by.accounts[0].team},
            "container": {"type": "message", "channel_id": channel, "message_ts": ts},
            "message": {"ts": ts, "blocks": self.blocks.get(value, []), **message},
        }
        self._dispatch(payload, cause, again)

    def presses_at_home(
        self, action_id: str, value: str, by: Person = OTTO, *, blocks: Any = (), cause: str = "action:1"
    ) -> None:
        """Press a button of a Home tab that looks so."""
        payload = {
            **click(action_id, value=value),
            "user": {"id": by.accounts[0].user, "team_id": by.accounts[0].team},
            "container": {"type": "view", "view_id": "V1"},
            "view": {"id": "V1", "type": "home", "blocks": list(blocks)},
        }
        for name in ("message", "channel", "response_url"):
            del payload[name]
        self._dispatch(payload, cause, False)

    def submits(
        self,
        form: View,
        by: Person = OTTO,
        *,
        cause: str = "view:1",
        again: bool = False,
        as_sent: bool = False,
        **typed: str,
    ) -> Mapping[str, Any]:
        """Send a form with what was typed into it; gives what Slack is told at once.

        An answer's form is marked as one that the bot has opened for that person, unless it is sent as it is.
        """
        values = {name: {name: {"type": "plain_text_input", "value": text}} for name, text in typed.items()}
        metadata = form.private_metadata if as_sent else self._marked(form, by)
        payload = submission(values, callback_id=form.callback_id, metadata=metadata)
        payload["user"] = {"id": by.accounts[0].user, "team_id": by.accounts[0].team}
        return self._dispatch(payload, cause, again)

    def _marked(self, form: View, by: Person) -> str:
        words = {APPROVAL: VoteWord.YES, REJECTION: VoteWord.NO}
        if form.callback_id not in words:
            return str(form.private_metadata)
        found, word = Answering.from_metadata(str(form.private_metadata)), words[form.callback_id]
        parts = ("form", by.id, found.request_id, found.digest, word)
        return replace(found, opened=self.rig.read(lambda tx: tx.mark(*parts))).as_metadata()

    def hangs(self, subject: str) -> None:
        """Slack has taken the card of a subject."""
        with self.rig.storage.transaction() as tx:
            card = tx.session.get(CardRow, subject)
            assert card is not None
            card.channel, card.ts = PLACE
        kind, _, request_id = subject.partition(":")
        if kind == "request":
            self.draws(request_id)

    def draws(self, request_id: str) -> None:
        """The card of a request is shown as it stands now."""
        card = self.rig.read(lambda tx: read_card(tx, self.rig.desk, request_id))
        assert card is not None
        self.blocks[request_id] = blocks = as_kept(as_dicts(request_card(card).blocks))
        with self.rig.storage.transaction() as tx:
            faces.shows(tx.session, f"request:{request_id}", faces.face(blocks), tx.now)

    def card(self, request: ApprovalRequest) -> RequestCard:
        """The card of a request, hung where a button of it is believed."""
        self.hangs(f"request:{request.id}")
        card = self.rig.read(lambda tx: read_card(tx, self.rig.desk, request.id))
        assert card is not None
        return card

    def answers(self) -> list[str]:
        """What persons were told in private, oldest first."""
        return [row.body["text"] for row in self.rig.outgoing("reply")]

    def _dispatch(self, payload: Mapping[str, Any], cause: str, again: bool) -> Mapping[str, Any]:
        outcome = dispatch(self.app, payload, cause=cause, redelivered=again)
        assert outcome.failure is None, outcome.failure
        assert not outcome.unhandled
        return dict(json.loads(outcome.body)) if outcome.body else {}

    @staticmethod
    def _users_info(user: str) -> Mapping[str, Any]:
        return {"id": user, "team_id": "T1", "deleted": False}
