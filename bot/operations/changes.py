"""What was changed in a file: told once, asked for, and in force once two agreed."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from approvals.errors import ApprovalError, PolicyUnsafe
from approvals.events import SYSTEM, ExecutionChanged
from approvals.factor import Code
from approvals.in_force import LOOSEN, TIGHTEN, Kind, Rules, changed_fields
from approvals.payload import canonical, digest, parsed
from approvals.person import Account, Person, Roster
from approvals.quorum import may_ask
from approvals.request import ApprovalRequest, ExecutionState, RequestId, RequestState
from bot.errors import ConfigError
from bot.operations.asker import Asker
from bot.operations.desk import NOT_BEGUN, SHOWN, Desk, Refused
from bot.operations.edited_rows import refused_by
from bot.operations.filing import Asked, file_request, may_file
from bot.operations.in_force import put_in_force
from bot.operations.limits import Steps, no_steps, wider
from bot.operations.request_card import subject
from bot.operations.step_up import prove_asker
from bot.outbox import Urgency
from bot.people import FILES
from bot.storage import Storage, Transaction
from bot.views.replies import sentence

# A card and a form show every line of it.
LINES_MAX = 40
LINE_LENGTH_MAX = 240
TOLD_AS = "rules.differ"
# One request of a kind at a time.
DESK_ACCOUNT = "desk"
# Which value an approved one may take the place of.
REPLACES = "replaces"
IN_FORCE = {
    Kind.ROSTER: "is in force from now on",
    Kind.POLICY: "is in force from now on",
    Kind.LIMITS: "are in force from now on; a gateway with a live session takes them when that has ended",
    Kind.CONFIG: "is in force; it runs from the next start of the bot on",
}

ReadFiles = Callable[[], Rules]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a file has that is not in force, a line for each field."""

    kind: Kind
    value: dict[str, Any]
    lines: tuple[str, ...]
    # Limits that are only tightened need nobody else.
    alone: bool = False


class ProposeChange:
    """Ask that what a file has be in force."""

    def __init__(self, storage: Storage, desk: Desk, read_files: ReadFiles, steps: Steps = no_steps) -> None:
        self._storage = storage
        self._desk = desk
        self._read_files = read_files
        self._steps = steps

    def proposal(self, actor: Person, kind: Kind) -> Proposal | Refused:
        """What would be asked for, by the files of this moment; the row that it would break is named."""
        if refused := self._may_ask(actor, kind.action):
            return refused
        if not self._desk.begun:
            return Refused(NOT_BEGUN)
        try:
            found = difference(self._desk.rules, self._read_files(), kind)
            if found.lines:
                self._desk.rules.changed(kind, _stored(found.value))
        except (ConfigError, PolicyUnsafe) as error:
            return Refused(f"The {kind} of the files cannot be in force, so nothing was asked for. {error}")
        if not found.lines:
            return Refused(f"{FILES[kind]} says what is in force already, so there is nothing to agree to.")
        if len(found.lines) > LINES_MAX or max(map(len, found.lines)) > LINE_LENGTH_MAX:
            return Refused(
                f"{FILES[kind]} differs in more than a card can show ({len(found.lines)} fields; at most "
                f"{LINES_MAX}, of {LINE_LENGTH_MAX} characters each), so nothing was asked for. "
                "Change it in steps."
            )
        if kind is Kind.LIMITS and not found.alone and (refused := self._steps(found.value)):
            return refused
        return found

    def _may_ask(self, actor: Person, action: str) -> Refused | None:
        rules = self._desk.policy
        may = [may_ask(rules.rule(action), actor)]
        if action == LOOSEN:
            may.append(may_ask(rules.alone(TIGHTEN), actor))
        return Refused(may[0].sentence) if may[0] and all(may) else None

    def __call__(
        self, actor: Person, account: Account, kind: Kind, reason: str, cause: str, code: Code | None = None
    ) -> Asked | Refused:
        """File the request with the whole of what would be in force, and how it differs."""
        with self._storage.reading() as tx:
            if known := tx.requests.by_cause(cause):
                return Asked(known)
        found = self.proposal(actor, kind)
        if isinstance(found, Refused):
            return found
        if refusal := may_ask(self._desk.policy.rule(kind.action), actor):
            return Refused(refusal.sentence)
        if not reason.strip():
            return Refused("Say why, in a few words; the approver reads it. Nothing was asked for.")
        with self._storage.transaction() as tx:
            if refused := may_file(tx, self._desk, actor, kind.action, DESK_ACCOUNT):
                return refused
            proof = prove_asker(tx, self._desk, actor, kind.action, code or Code(""), cause)
            if isinstance(proof, Refused):
                return proof
            payload = {
                "action": kind.action,
                "proposed": found.value,
                REPLACES: digest(canonical(self._desk.rules.value(kind))),
                **self._desk.rules_value(),
                SHOWN: {"changes": found.lines},
            }
            return file_request(
                tx, self._desk, actor, account, kind.action, DESK_ACCOUNT, payload, reason, cause, proof
            )


class PutInForce:
    """Carry out an approved change: the stored copy counts from now on.

    What is in force of config.toml runs from the next start on, but for the limits.
    """

    def __init__(
        self,
        storage: Storage,
        desk: Desk,
        read_files: ReadFiles,
        steps: Steps = no_steps,
        settle: Callable[[Kind], None] = lambda kind: None,
    ) -> None:
        """`settle` has what runs go by it."""
        self._storage = storage
        self._desk = desk
        self._read_files = read_files
        self._steps = steps
        self._settle = settle

    def __call__(
        self, actor: Person, request_id: RequestId, asker: Asker | None = None
    ) -> ApprovalRequest | Refused:
        """Check again, claim, store, record and tell in one transaction; then the running desk goes by it."""
        with self._desk.changing:
            try:
                with self._storage.transaction() as tx:
                    outcome = self._put(tx, actor, request_id, asker)
            except ApprovalError as error:
                with self._storage.transaction() as tx:
                    refused = refused_by(tx, self._desk, error)
                return Refused(f"Nothing was changed. {refused.sentence}")
            if isinstance(outcome, Refused):
                return outcome
            done, rules = outcome
            self._desk.goes_by(replace(rules, roster=self._reached(rules)))
            self._settle(Kind.of(done.action))
            return done

    def _put(
        self, tx: Transaction, actor: Person, request_id: RequestId, asker: Asker | None
    ) -> tuple[ApprovalRequest, Rules] | Refused:
        request = tx.requests.get(request_id)
        if refused := self._may(tx, actor, request):
            return refused
        kind = Kind.of(request.action)
        if kind is Kind.LIMITS and (refused := self._steps(request.payload["proposed"])):
            return refused
        rules = self._desk.rules.changed(kind, request.payload["proposed"])
        if not tx.requests.claim_execution(request.id, self._desk.roster, tx.now):
            return Refused("Somebody has pressed this already. Nothing more was done.")
        put_in_force(tx, kind, rules.value(kind), request.id, actor.id)
        outcome = f"the {kind} {IN_FORCE[kind]}"
        done = tx.requests.finish_execution(request.id, ExecutionState.EXECUTED, outcome, tx.now)
        self._tell(tx, actor, kind, done)
        if asker is not None:
            asker.told(tx, f"The {kind} {IN_FORCE[kind]}.")
        return done, rules

    def _may(self, tx: Transaction, actor: Person, request: ApprovalRequest) -> Refused | None:
        if request.requested_by != actor.id:
            return Refused(f"Only {self._desk.name_of(request.requested_by)}, who asked, can press this.")
        if request.state_at(tx.now) is not RequestState.APPROVED or not request.executable_at(tx.now):
            return Refused("This request is not approved any more, so nothing was changed. Ask again.")
        kind = Kind.of(request.action)
        stored = tx.in_force.get(kind)
        replaced = stored.body_text if stored else canonical(self._desk.rules.value(kind))
        now = {**self._desk.rules_value(), REPLACES: digest(replaced)}
        if all(request.payload.get(name) == value for name, value in now.items()):
            return None
        void = request.void(tx.now, "roster, policy, program or what it replaces were changed since")
        tx.requests.void_execution(void)
        tx.record(ExecutionChanged(void))
        tx.outbox.card(subject(request.id), self._desk.channels.approvals, Urgency.FIRST)
        return Refused(
            "Roster, policy, program or what it replaces were changed since this was asked, so nothing was "
            "done. Ask again."
        )

    def _tell(self, tx: Transaction, actor: Person, kind: Kind, done: ApprovalRequest) -> None:
        tx.record(ExecutionChanged(done, actor.id))
        tx.outbox.card(subject(done.id), self._desk.channels.approvals, Urgency.FIRST)
        changes = "; ".join(done.payload[SHOWN]["changes"])
        told = sentence(f"The {kind} was changed by {actor.name}, as agreed in “{done.name}”: {changes}.")
        tx.outbox.post(f"{kind}:{done.id}", self._desk.channels.ops, told, Urgency.FIRST)

    def _reached(self, rules: Rules) -> Roster:
        """Time zones and contacts need nobody's consent: the files' count, where these can be read."""
        try:
            return rules.roster.reached_as_in(self._read_files().roster)
        except ConfigError:
            return rules.roster


class TellDifferences:
    """Say once of each difference that files and rules in force differ, and how it is proposed."""

    def __init__(self, storage: Storage, desk: Desk, read_files: ReadFiles) -> None:
        self._storage = storage
        self._desk = desk
        self._read_files = read_files
        self._last: tuple[Proposal, ...] | str = ()
        self._told: set[str] = set()

    def __call__(self) -> None:
        """Look at the files; raises ConfigError for one that cannot be read."""
        for found in self._differences():
            self._tell(found)

    def again(self) -> None:
        """Look at them while the bot runs, and tell what stays so from one look to the next.

        Somebody may be at work on them; one that cannot be read is told of, too.
        """
        found: tuple[Proposal, ...] | str
        try:
            found = self._differences()
        except ConfigError as error:
            found = str(error)
        stays, self._last = found == self._last, found
        if not stays:
            return
        if isinstance(found, str):
            told = f"{found} What is in force counts. The next start is refused until it is mended."
            self._tell_once(f"unreadable {digest(found)[:16]}", "files", (found,), told)
            return
        for each in found:
            self._tell(each)

    def _differences(self) -> tuple[Proposal, ...]:
        if not self._desk.begun:
            return ()
        rules, files = self._desk.rules, self._read_files()
        found = (difference(rules, files, kind) for kind in Kind)
        return tuple(each for each in found if each.lines)

    def _tell(self, found: Proposal) -> None:
        kind = found.kind
        values = (self._desk.rules.value(kind), found.value)
        cause = " ".join(digest(canonical(value))[:16] for value in values)
        told = (
            f"{FILES[kind]} differs from the {kind} in force, and the file counts only once "
            f"{'a risk officer or owner has put it in force' if found.alone else 'two people have agreed'}: "
            f"{'; '.join(found.lines)}. Propose it with /peak {kind} propose <reason>, or put "
            "the file back. If nobody knows of it: halt."
        )
        self._tell_once(cause, kind, found.lines, told)

    def _tell_once(self, cause: str, subject: str, changes: tuple[str, ...], told: str) -> None:
        if cause in self._told:
            return
        self._told.add(cause)
        with self._storage.reading() as tx:
            if tx.audit.caused(TOLD_AS, cause):
                return
        with self._storage.transaction() as tx:
            tx.note(TOLD_AS, SYSTEM, subject, cause=cause, changes=changes)
            tx.outbox.post(f"{TOLD_AS}:{cause}", self._desk.channels.approvals, sentence(told))


def difference(now: Rules, files: Rules, kind: Kind) -> Proposal:
    """How a file differs from what is in force."""
    value, before = files.value(kind), now.value(kind)
    lines = changed_fields(before, value)
    alone = kind is Kind.LIMITS and bool(lines) and bool(before) and not wider(before, value)
    return Proposal(kind, value, lines, alone)


def _stored(value: dict[str, object]) -> dict[str, Any]:
    """A value as it is read back from a stored payload."""
    read: dict[str, Any] = parsed(canonical(value))
    return read
