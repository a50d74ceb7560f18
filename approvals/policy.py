"""Which act asks for whom: the rules of the desk as data, refused while any could let one person through."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self

from approvals.errors import PolicyUnsafe, RuleMissing
from approvals.person import Person, Role, Roster

PERSONS_MIN = 2
# So long a live session may open after its start, unless the policy says less.
ACTIVE_S_MAX = 7 * 24 * 3600

# Acts to which any two persons of the desk may agree, whatever their roles.
OF_ANY_TWO = frozenset({"factor.change"})

# What one person does alone. A halt is not among them: no policy keeps anybody from it.
SOLO_ACTIONS = frozenset({"limits.tighten", "session.pause", "session.start", "session.stop"})

PROTECTED_ACTIONS = frozenset(
    {
        "config.change",
        "factor.change",
        "live.activate",
        "live.resume",
        "rearm",
        "stage.shadow",
        "stage.testnet",
        "stage.live",
        "limits.loosen",
        "roster.change",
        "policy.change",
    }
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the policy: who may ask, how many persons must say yes, and which roles among them.

    `cooldown_s` is how long what it ends must have lasted before it may be asked for; `active_s` how long
    what it starts goes on, 0 for as long as any may.
    """

    action: str
    persons: int
    ask: frozenset[Role]
    among: frozenset[Role]
    expires_s: int
    grant_s: int
    step_up: bool
    cooldown_s: int = 0
    active_s: int = 0

    def __post_init__(self) -> None:
        for name in ("persons", "expires_s", "grant_s"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                self._refuse(f"{name} is {value!r}; it must be a whole number from 1 up")

    @property
    def active_for(self) -> timedelta:
        """How long what it starts goes on."""
        return timedelta(seconds=self.active_s or ACTIVE_S_MAX)

    def check(self, roster: Roster) -> None:
        """Raise PolicyUnsafe if fewer than two persons could pass this rule, or if nobody could."""
        if self.persons < PERSONS_MIN:
            self._refuse(f"persons is {self.persons}, and this act needs two different persons")
        if not self.ask:
            self._refuse("ask is empty, so nobody may ask; name the roles that may")
        if not self.among and self.action not in OF_ANY_TWO:
            self._refuse("among is empty, so nobody would have to agree; name at least one role")
        able = [person for person in roster.desk if person.reachable]
        for role in sorted(self.among):
            if not any(role in person.roles for person in able):
                self._refuse(f"nobody active on the roster holds the role {role}")
        if not any(person.roles & self.ask for person in able):
            self._refuse(f"nobody active on the roster may ask for it ({', '.join(sorted(self.ask))})")
        if len(able) < self.persons:
            self._refuse(f"it needs {self.persons} persons, and only {len(able)} could answer")
        if unfilled := unfilled_roles(self.among, able):
            self._refuse(f"two roles want two persons, and nobody is left for {', '.join(sorted(unfilled))}")

    def _refuse(self, why: str) -> None:
        raise PolicyUnsafe(action=self.action, why=why)

    def as_value(self) -> dict[str, object]:
        """The whole rule, ready for `canonical` and for `from_value`."""
        return {
            "action": self.action,
            "persons": self.persons,
            "ask": self.ask,
            "among": self.among,
            "expires_s": self.expires_s,
            "grant_s": self.grant_s,
            "step_up": self.step_up,
            "cooldown_s": self.cooldown_s,
            # A row that does not say it reads as one of the versions that could not.
            **({"active_s": self.active_s} if self.active_s else {}),
        }

    @classmethod
    def from_value(cls, value: Mapping[str, Any]) -> Self:
        """Read back a rule that was frozen into a request."""
        roles = {name: frozenset(Role(role) for role in value[name]) for name in ("ask", "among")}
        return cls(**{**value, **roles})


@dataclass(frozen=True, slots=True)
class SoloRule:
    """One row of the policy for an act that needs nobody else: which roles may do it."""

    action: str
    ask: frozenset[Role]

    def check(self, roster: Roster) -> None:
        """Raise PolicyUnsafe if nobody could do it."""
        if not any(person.reachable and person.roles & self.ask for person in roster.desk):
            who = ", ".join(sorted(self.ask)) or "ask is empty"
            raise PolicyUnsafe(action=self.action, why=f"nobody active on the roster may do it ({who})")

    def as_value(self) -> dict[str, object]:
        """The whole rule, ready for `canonical`."""
        return {"action": self.action, "persons": 1, "ask": self.ask}


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules in force, one an action."""

    rules: tuple[Rule, ...]
    solo: tuple[SoloRule, ...] = ()

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for rule in self.rows:
            if rule.action in seen:
                raise PolicyUnsafe(action=rule.action, why="it stands there twice")
            seen.add(rule.action)

    @property
    def rows(self) -> tuple[Rule | SoloRule, ...]:
        """Every row, of two persons or of one."""
        return (*self.rules, *self.solo)

    def rule(self, action: str) -> Rule:
        """Give the rule of an action; raises RuleMissing, since what is not allowed by a row is refused."""
        for rule in self.rules:
            if rule.action == action:
                return rule
        raise RuleMissing(action=action)

    def alone(self, action: str) -> SoloRule:
        """Give the rule of an act that needs nobody else; raises RuleMissing."""
        for rule in self.solo:
            if rule.action == action:
                return rule
        raise RuleMissing(action=action)

    def check(self, roster: Roster) -> None:
        """Raise PolicyUnsafe, naming the row, unless every protected act asks for two persons who exist."""
        for action in sorted(PROTECTED_ACTIONS | SOLO_ACTIONS):
            row = self.alone if action in SOLO_ACTIONS else self.rule
            try:
                row(action).check(roster)
            except RuleMissing as missing:
                why = "the row is missing, and nobody could say who may do this"
                raise PolicyUnsafe(action=action, why=why) from missing

    def as_value(self) -> dict[str, object]:
        """The whole policy, ready for `canonical`."""
        return {rule.action: rule.as_value() for rule in self.rows}

    @classmethod
    def from_value(cls, value: Mapping[str, Mapping[str, Any]]) -> Self:
        """Read back a policy that was agreed to."""
        alone = {action for action, rule in value.items() if "among" not in rule}
        return cls(
            tuple(Rule.from_value(rule) for action, rule in value.items() if action not in alone),
            tuple(
                SoloRule(action, frozenset(Role(role) for role in value[action]["ask"])) for action in alone
            ),
        )


def unfilled_roles(wanted: Iterable[Role], persons: Iterable[Person]) -> frozenset[Role]:
    """Name the roles left over when each wanted role takes a person of its own."""
    pool = tuple(persons)
    seat: dict[int, Role] = {}

    def seated(role: Role, tried: set[int]) -> bool:
        for index, person in enumerate(pool):
            if role not in person.roles or index in tried:
                continue
            tried.add(index)
            if index not in seat or seated(seat[index], tried):
                seat[index] = role
                return True
        return False

    return frozenset(role for role in sorted(wanted) if not seated(role, set()))
