"""The halt's own way in: before the inbox, the database and Bolt.

It needs a checked signature, the account and the roster in memory. The latch is written, the gates are shut,
the person is answered; only then come the database, the record and the cards.
"""

import logging
import re
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from threading import Event, Lock, Thread
from time import perf_counter
from typing import Any, Protocol

import httpx

from approvals.errors import ApprovalError
from approvals.person import Account, Person, Roster
from bot.block_limits import shortened
from bot.escape import plain
from bot.words import read
from trading.killswitch import LatchState

log = logging.getLogger(__name__)

HALT_ACTION = "halt"
COMMANDS = ("/peak-kill",)
WORDS = ("kill", "halt")
# Somebody in a hurry writes kill! or copies `kill` out of the handbook.
_AROUND_A_WORD = re.compile(r"^[\W_]+|[\W_]+$")
REASON_MAX = 300
NO_REASON = "no reason given"
BUTTON_WITHOUT_REASON = "button"
LATCH_TIMEOUT_S = 1.0
GATE_TIMEOUT_S = 0.5
ANSWER_TIMEOUT_S = 5.0
RECORD_TRIES, RECORD_AGAIN_S = 60, 1.0


class Latching(Protocol):
    """What is needed of the latch."""

    def engage(self, reason: str, by: str, at: datetime, cause: str = "") -> LatchState:
        """Write the latch, and give what stands in it: the first reason is kept."""
        ...


@dataclass(frozen=True, slots=True)
class Gate:
    """One gateway's answer: shut `shut_ms` after the halt began, or None when it did not say so in time."""

    exchange: str
    shut_ms: int | None


@dataclass(frozen=True, slots=True)
class HaltOrder:
    """A halt that is in force: the latch stands (`latch_ms`; None when not one file could be written).

    `before` is the halt that stood already when this one came.
    """

    by: str
    reason: str
    at: datetime
    cause: str
    account: str | None = None
    channel: str | None = None
    response_url: str | None = None
    latch_ms: int | None = None
    gates: tuple[Gate, ...] = ()
    before: LatchState | None = None

    @property
    def sentence(self) -> str:
        """What the person is told at once; a halt is never called flat."""
        shut = [gate for gate in self.gates if gate.shut_ms is not None]
        silent = ", ".join(gate.exchange for gate in self.gates if gate.shut_ms is None)
        if self.latch_ms is None:
            lead = "The halt could NOT be written to disk. Check the disk of the bot's machine now."
        else:
            lead = f"HALTED in {self.latch_ms / 1000:.2f} s: no new order passes."
        parts = [lead]
        if self.before is not None:
            since = f" at {self.before.at.astimezone(UTC):%H:%M} UTC" if self.before.at else ""
            who = plain(self.before.by) or "somebody"
            parts.append(
                f"It was halted already by {who}{since}: {_reason(self.before.reason)}. "
                "Yours is on record too."
            )
        if shut:
            slowest = max(gate.shut_ms or 0 for gate in shut)
            parts.append(f"{len(shut)} of {len(self.gates)} gates confirmed after {slowest / 1000:.2f} s.")
        if silent:
            parts.append(f"No answer yet from {silent}; it is being ended.")
        parts.append(
            "Open orders are being cancelled; what the venue proves follows. What is held stays held."
        )
        return " ".join(parts)


@dataclass(frozen=True, slots=True)
class HaltRefused:
    """A halt asked for by an account that is nobody's on the roster; nothing was halted."""

    account: str
    at: datetime
    cause: str


REFUSAL = (
    "Nothing was halted: your Slack account is not on this desk's roster. "
    "Tell anybody of the desk at once; each of them can halt with /peak-kill."
)


@dataclass(frozen=True, slots=True)
class HaltCall:
    """What was asked for, before it is known who asks."""

    account: str
    reason: str
    cause: str
    channel: str | None
    response_url: str | None
    answers_in_ack: bool


def halt_call(payload: Mapping[str, Any]) -> HaltCall | None:
    """Tell whether a command or a click is a halt; a malformed one that says halt is one."""
    if "command" in payload:
        return _command(payload)
    if payload.get("type") == "block_actions":
        return _click(payload)
    return None


class HaltRoute:
    """Halts everything for anybody on the roster, alone, at once.

    `gates` gives, by exchange, what shuts that gateway's gate; `on_halt` and `on_refused` are called on a
    thread of their own after the person has been answered, `on_unanswered` with an answer that Slack did
    not take.
    """

    def __init__(
        self,
        latch: Latching,
        roster: Callable[[], Roster],
        clock: Callable[[], datetime],
        *,
        gates: Callable[[], Mapping[str, Callable[[HaltOrder], object]]],
        on_halt: Callable[[HaltOrder], None],
        on_refused: Callable[[HaltRefused], None],
        on_unanswered: Callable[[HaltCall, str], None],
    ) -> None:
        self._latch = latch
        self._roster = roster
        self._clock = clock
        self._gates = gates
        self._on_halt = on_halt
        self._on_refused = on_refused
        self._on_unanswered = on_unanswered
        self._recording = Lock()

    def answer(self, call: HaltCall, answered: Callable[[dict[str, str] | None], None]) -> None:
        """Do what the call asks; `answered` gets the body of Slack's acknowledgement once the gates are shut.

        Blocks until the person is answered: give it a thread of its own.
        """
        person = self._person(call.account)
        if person is None:
            refused = HaltRefused(call.account, self._clock(), call.cause)
            self._answer(call, REFUSAL, answered)
            _afterwards("record", lambda: self._record_refused(refused))
            return
        order = self._halt(
            HaltOrder(
                by=person.name,
                reason=call.reason,
                at=self._clock(),
                cause=call.cause,
                account=call.account,
                channel=call.channel,
                response_url=call.response_url,
            )
        )
        self._answer(call, order.sentence, answered)
        _afterwards("record", lambda: self._record(order))

    def _record(self, order: HaltOrder) -> None:
        """Only now: a log on a disk that hangs holds up whoever writes to it."""
        log.warning("halt: by %s, latch after %s ms, gates %s", plain(order.by), order.latch_ms, order.gates)
        self._on_halt(order)

    def _record_refused(self, refused: HaltRefused) -> None:
        """Try until the record has it, for nobody else knows of it; one at a time, so none is held up."""
        with self._recording:
            for _ in range(RECORD_TRIES):
                try:
                    self._on_refused(refused)
                    return
                except Exception as error:
                    log.warning("halt: a refusal is not recorded yet (%s)", type(error).__name__)
                    Event().wait(RECORD_AGAIN_S)
        log.error("halt: the attempt of %s could not be recorded", plain(refused.account))

    def _halt(self, order: HaltOrder) -> HaltOrder:
        began = perf_counter()
        stands: list[LatchState] = []

        def engage() -> None:
            stands.append(self._latch.engage(order.reason, order.by, order.at, order.cause))

        latch = _on_a_thread("latch", engage, began)
        wait([latch], timeout=LATCH_TIMEOUT_S)  # a disk that hangs must not keep the gates open
        gates = self._shut_gates(order, began)
        latch_ms = _result(latch)
        before = next((state for state in stands if state.at != order.at), None)
        return replace(order, latch_ms=latch_ms, gates=gates, before=before)

    def _shut_gates(self, order: HaltOrder, began: float) -> tuple[Gate, ...]:
        try:
            gates = dict(self._gates())
        except Exception:  # the latch stands, and its person must be answered whatever fails
            log.exception("halt: the gateways are not known")
            return ()
        shut: dict[str, Future[int]] = {
            exchange: _on_a_thread(exchange, partial(shut_gate, order), began)
            for exchange, shut_gate in gates.items()
        }
        wait(shut.values(), timeout=GATE_TIMEOUT_S)
        return tuple(Gate(exchange, _result(answer)) for exchange, answer in shut.items())

    def _answer(self, call: HaltCall, text: str, answered: Callable[[dict[str, str] | None], None]) -> None:
        if call.answers_in_ack:
            answered({"response_type": "ephemeral", "text": text})
            return
        answered(None)
        _afterwards("answer", lambda: self._post_answer(call, text))

    def _post_answer(self, call: HaltCall, text: str) -> None:
        """Answer a click at once, with nothing in between; what does not arrive goes another way."""
        try:
            if call.response_url:
                _post(call.response_url, text)
                return
        except httpx.HTTPError:
            log.exception("halt: the answer was not taken")
        self._on_unanswered(call, text)

    def _person(self, account: str) -> Person | None:
        try:
            person = self._roster().by_account(Account.parse(account))
        except ApprovalError:
            return None
        return person if person is not None and person.active else None


def _command(payload: Mapping[str, Any]) -> HaltCall | None:
    command, text = str(payload.get("command") or ""), str(payload.get("text") or "")
    if command not in COMMANDS:
        typed = read(text)
        if _AROUND_A_WORD.sub("", typed.first) not in WORDS:
            return None
        text = typed.rest(1)
    return HaltCall(
        account=f"{payload.get('team_id')}/{payload.get('user_id')}",
        reason=_reason(text),
        cause=f"halt:{str(payload.get('trigger_id') or '')[:100]}",
        channel=_text(payload.get("channel_id")),
        response_url=_text(payload.get("response_url")),
        answers_in_ack=True,
    )


def _click(payload: Mapping[str, Any]) -> HaltCall | None:
    actions = payload.get("actions")
    pressed = [each for each in actions if isinstance(each, Mapping)] if isinstance(actions, list) else []
    halt = next((each for each in pressed if each.get("action_id") == HALT_ACTION), None)
    if halt is None:
        return None
    user, team, channel = (
        found if isinstance(found := payload.get(name), Mapping) else {}
        for name in ("user", "team", "channel")
    )
    return HaltCall(
        account=f"{user.get('team_id') or team.get('id')}/{user.get('id')}",
        reason=_pressed_reason(halt.get("value")),
        cause=f"halt:{str(halt.get('action_ts') or payload.get('trigger_id') or '')[:100]}",
        channel=_text(channel.get("id")),
        response_url=_text(payload.get("response_url")),
        answers_in_ack=False,
    )


def _reason(text: str) -> str:
    return shortened(plain(text), REASON_MAX) or NO_REASON


def _pressed_reason(value: object) -> str:
    return NO_REASON if value == BUTTON_WITHOUT_REASON else _reason(str(value or ""))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _on_a_thread(name: str, act: Callable[[], object], began: float) -> "Future[int]":
    finished: Future[int] = Future()

    def run() -> None:
        try:
            act()
            finished.set_result(_since_ms(began))
        except Exception as error:
            log.exception("halt: %s did not confirm", name)
            finished.set_exception(error)

    Thread(target=run, name=f"halt-{name}", daemon=True).start()
    return finished


def _result(finished: "Future[int]") -> int | None:
    return finished.result() if finished.done() and finished.exception() is None else None


def _afterwards(name: str, act: Callable[[], None]) -> None:
    def run() -> None:
        try:
            act()
        except Exception:  # nobody waits for this thread, so its log is where the failure can be read
            log.exception("halt: %s failed; the halt itself stands", name)

    Thread(target=run, name=f"halt-{name}", daemon=True).start()


def _post(url: str, text: str) -> None:
    body = {"response_type": "ephemeral", "replace_original": False, "text": text}
    httpx.post(url, json=body, timeout=ANSWER_TIMEOUT_S).raise_for_status()


def _since_ms(began: float) -> int:
    return round((perf_counter() - began) * 1000)
