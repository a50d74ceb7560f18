"""What an operation knows of the desk: who is on it, what they may do, and how it is set up."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from threading import Lock
from typing import Any

from approvals.in_force import Kind, Rules
from approvals.payload import Change, canonical, difference, digest
from approvals.person import Person, PersonId, Role, Roster
from approvals.policy import PERSONS_MIN, Policy, Rule
from trading.limits import LIMIT_NAMES, RiskLimits
from trading.order_caps import OrderCaps
from trading.session import SessionPlan, Stage

# Shown to the approver and kept with the request, but not compared again at the start.
SHOWN = "shown"
# An approval that is only practised; it goes by the rule of a live start.
ACTIVATE, RESUME = "live.activate", "live.resume"
DRILL, DRILLED = "drill.approval", ACTIVATE

NOT_BEGUN = (
    "This desk has not been begun, so nothing can start. Have everybody enrolled on the desk's machine "
    "(peak-ops enrol <person>); then two of you, an owner among them, begin it with /peak rearm <reason>."
)


@dataclass(frozen=True, slots=True)
class StrategyChoice:
    """One strategy of the configuration; `source_digest` is that of its code."""

    name: str
    class_path: str
    parameters: tuple[tuple[str, str], ...]
    source_digest: str


@dataclass(frozen=True, slots=True)
class Channels:
    """Slack channel ids."""

    ops: str
    approvals: str
    alerts: str
    incidents: str
    reports: str


@dataclass(slots=True)
class Desk:
    """The desk as configured, the same for everything that runs.

    Nothing of it changes while it runs but roster, policy and limits, which are those in force; on a desk
    that is not `begun` they are those of the files, and nothing protected can be asked for but to begin it.
    `settings` is what is in force of config.toml, by kind; all but the limits runs from the next start on.
    """

    roster: Roster
    policy: Policy
    limits: RiskLimits
    channels: Channels
    live_exchange: str
    venue_url: str
    symbols: tuple[str, ...]
    strategies: tuple[StrategyChoice, ...]
    timezone: str
    code_version: str
    practice: bool
    settings_digest: str = ""
    shadow_account: str = ""
    caps: OrderCaps = field(default_factory=OrderCaps)
    begun: bool = True
    settings: Mapping[Kind, Mapping[str, Any]] = field(default_factory=dict)
    # Held by whoever puts something in force, from looking to counting.
    changing: Lock = field(default_factory=Lock, repr=False, compare=False)
    stages: Mapping[str, str] = field(default_factory=dict)

    def exchange_of(self, stage: Stage) -> str:
        """The exchange that serves a stage; empty when the configuration names none."""
        return self.live_exchange if stage is Stage.LIVE else self.stages.get(stage, "")

    def rule(self, action: str) -> Rule:
        """The rule of an act, or of the one that a drill stands for; raises RuleMissing.

        Whatever the files say, a desk is begun by two with factors, one an owner.
        """
        drilled = action == DRILL
        rule = replace(self.policy.rule(DRILLED), action=DRILL) if drilled else self.policy.rule(action)
        if self.begun:
            return rule
        persons = max(rule.persons, PERSONS_MIN)
        return replace(rule, persons=persons, among=rule.among | {Role.OWNER}, step_up=True)

    @property
    def rules(self) -> Rules:
        """What counts now."""
        return Rules(self.roster, self.policy, self.settings)

    def goes_by(self, rules: Rules) -> None:
        """From now on these count, for everything that runs."""
        self.begun = True
        self.roster, self.policy, self.settings = rules.roster, rules.policy, rules.settings

    def is_set_up_as(self, other: "Desk") -> None:
        """Take over another one's limits, venue, strategies and what is traded: those in force."""
        self.limits, self.caps, self.settings_digest = other.limits, other.caps, other.settings_digest
        self.live_exchange, self.venue_url = other.live_exchange, other.venue_url
        self.stages, self.shadow_account = other.stages, other.shadow_account
        self.symbols, self.strategies, self.timezone = other.symbols, other.strategies, other.timezone

    def strategy(self, name: str) -> StrategyChoice | None:
        """The strategy of this name."""
        return next((choice for choice in self.strategies if choice.name == name), None)

    def name_of(self, person: str) -> str:
        """How a person is called; an id of nobody stays as it is."""
        found = self.roster.get(PersonId(person))
        return found.name if found else person

    def live_payload(self, plan: SessionPlan) -> dict[str, Any]:
        """Everything that matters for a live start, as the digest will cover it."""
        choice = self.strategy(plan.strategy)
        return {
            "action": ACTIVATE,
            "plan": plan_value(plan),
            "limits": {name: getattr(self.limits, name) for name in ("currency", *LIMIT_NAMES)},
            "order_caps": self.caps.as_value(),
            "active_s": self.rule(ACTIVATE).active_for // timedelta(seconds=1),
            "venue_url": self.venue_url,
            "strategy_source": choice.source_digest if choice else "",
            "channels": {"ops": self.channels.ops, "alerts": self.channels.alerts},
            **self.rules_value(),
        }

    def rules_value(self) -> dict[str, str]:
        """Who decides, by which policy, in which program: whatever is approved is approved under these."""
        return {
            "roster": digest(canonical(self.roster.as_value())),
            "policy": digest(canonical(self.policy.as_value())),
            "code_version": self.code_version,
        }

    def drift(self, payload: dict[str, Any], now_payload: dict[str, Any]) -> list[Change]:
        """What differs between the payload that was approved and what would run now."""
        asked = {name: value for name, value in payload.items() if name != SHOWN}
        return difference(canonical(asked), canonical(now_payload))


def plan_value(plan: SessionPlan) -> dict[str, Any]:
    """A plan as it stands in a payload."""
    return {
        "stage": str(plan.stage),
        "exchange": plan.exchange,
        "strategy": plan.strategy,
        "symbol": plan.symbol,
        "timeframe": plan.timeframe,
        "notional_max": plan.notional_max,
        "parameters": dict(plan.parameters),
        "class_path": plan.class_path,
    }


def plan_of(payload: Mapping[str, Any]) -> SessionPlan:
    """The plan that a stored payload holds."""
    value = payload["plan"]
    return SessionPlan(
        stage=Stage(value["stage"]),
        exchange=value["exchange"],
        strategy=value["strategy"],
        symbol=value["symbol"],
        timeframe=value["timeframe"],
        notional_max=Decimal(value["notional_max"]),
        parameters=tuple(sorted(value["parameters"].items())),
        class_path=value["class_path"],
        source_digest=payload["strategy_source"],
    )


@dataclass(frozen=True, slots=True)
class Refused:
    """A no, in one sentence that says what happened, why, and what to do next; `moments` are those in it.

    One that is `on_record` has its row already: one attempt, one row.
    """

    sentence: str
    fields: dict[str, str] = field(default_factory=dict)
    moments: tuple[datetime, ...] = ()
    on_record: bool = False


Clock = Callable[[], datetime]


def owners(people: Iterable[Person]) -> tuple[Person, ...]:
    """The persons who are told of acts that needed nobody else."""
    return tuple(person for person in people if "owner" in person.roles and person.reachable)
