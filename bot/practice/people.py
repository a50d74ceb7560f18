"""Who works in the practice workspace, and where they talk.

The same names are written into people.toml and config.toml of the practice desk.
"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How a person belongs to the workspace."""

    MEMBER = "member"
    GUEST = "guest"
    STRANGER = "stranger"


@dataclass(frozen=True, slots=True)
class Team:
    """A Slack workspace: ours, or the one a stranger comes from."""

    id: str
    domain: str
    name: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a Slack account."""

    id: str
    name: str
    title: str
    team: Team
    kind: Kind
    timezone: str

    @property
    def account(self) -> str:
        """The account as people.toml spells it: TEAM/USER."""
        return f"{self.team.id}/{self.id}"

    @property
    def dm(self) -> str:
        """The channel id of this person's direct messages with the app."""
        return "D" + self.id[1:]


@dataclass(frozen=True, slots=True)
class Room:
    """A channel, public unless it says otherwise."""

    id: str
    name: str
    is_private: bool = False


@dataclass(frozen=True, slots=True)
class AppAccount:
    """The app's own ids."""

    app_id: str
    bot_id: str
    user_id: str


HOME_TEAM = Team("T0PEAKOPS", "peak-practice", "Peak Practice")
STRANGE_TEAM = Team("T0STRANGE", "somewhere-else", "Somewhere Else")

OLIVIA = Person("UOLIVIA00", "Olivia", "Owner", HOME_TEAM, Kind.MEMBER, "Europe/Berlin")
OTTO = Person("UOTTO0000", "Otto", "Operator", HOME_TEAM, Kind.MEMBER, "Europe/Berlin")
RITA = Person("URITA0000", "Rita", "Risk Officer", HOME_TEAM, Kind.MEMBER, "Europe/London")
SAM = Person("USAM00000", "Sam", "On the roster, no role", HOME_TEAM, Kind.MEMBER, "America/New_York")
GIL = Person("UGIL00000", "Gil", "Guest", HOME_TEAM, Kind.GUEST, "Europe/Lisbon")
XENA = Person("UXENA0000", "Xena", "From another team", STRANGE_TEAM, Kind.STRANGER, "Asia/Singapore")
PEOPLE = (OLIVIA, OTTO, RITA, SAM, GIL, XENA)

TRADING_OPS = Room("C0TRADEOPS", "trading-ops")
TRADING_APPROVALS = Room("C0APPROVAL", "trading-approvals", is_private=True)
TRADING_ALERTS = Room("C0ALERTS00", "trading-alerts")
TRADING_INCIDENTS = Room("C0INCIDENT", "trading-incidents")
TRADING_REPORTS = Room("C0REPORTS0", "trading-reports")
GENERAL = Room("C0GENERAL0", "general")
ROOMS = (TRADING_OPS, TRADING_APPROVALS, TRADING_ALERTS, TRADING_INCIDENTS, TRADING_REPORTS, GENERAL)

APP = AppAccount(app_id="A0PEAKOPS", bot_id="B0PEAKBOT", user_id="U0PEAKBOT")
