"""What goes wrong in the workspace because a rehearsal or a test asks for it."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from bot.practice.people import PEOPLE, ROOMS, SAM, TRADING_OPS

GROUP = "workspace"


class FaultKind(StrEnum):
    """What goes wrong."""

    DELAY = "delay"
    RATE_LIMIT = "rate_limit"
    ERROR_5XX = "error_5xx"
    DROPPED = "dropped"
    LOST_ANSWER = "lost_answer"
    LINK_CUT = "link_cut"
    LINK_CUT_HARD = "link_cut_hard"
    LINK_DEAF = "link_deaf"
    REFRESH_LINK = "refresh_link"
    DUPLICATE_DELIVERY = "duplicate_delivery"
    LATE_DELIVERY = "late_delivery"
    LOST_FIRST_DELIVERY = "lost_first_delivery"
    FILE_NEVER_SHARED = "file_never_shared"
    CHANNEL_ARCHIVED = "channel_archived"
    BOT_REMOVED = "bot_removed"
    USER_DEACTIVATED = "user_deactivated"
    USER_GUEST = "user_guest"
    USER_STRANGER = "user_stranger"


@dataclass(frozen=True, slots=True)
class Field:
    """Something that can be said about a fault, what people call it, and what its choices are called.

    A default of nothing means any, or all.
    """

    name: str
    label: str
    default: str = ""
    choices: tuple[str, ...] = ()
    called: tuple[str, ...] = ()

    def to_page(self) -> dict[str, object]:
        """Give what the page draws a field from."""
        page: dict[str, object] = {"name": self.name, "label": self.label, "default": self.default}
        if self.choices:
            page |= {"choices": list(self.choices), "called": list(self.called or self.choices)}
        return page


@dataclass(frozen=True, slots=True)
class About:
    """A kind of fault in a trader's words: what to expect, and what the bot should do."""

    title: str
    about: str
    fields: tuple[Field, ...] = ()

    def default(self, name: str) -> str:
        """Give what a field holds when nothing is said about it."""
        return next((each.default for each in self.fields if each.name == name), "")


_ROOM_IDS, _ROOM_NAMES = tuple(room.id for room in ROOMS), tuple(f"#{room.name}" for room in ROOMS)
_COUNT, _METHOD = Field("count", "How often (0: until mended)", "1"), Field("method", "Only this call")
_CALLS = (_COUNT, _METHOD, Field("channel", "Only in", "", ("", *_ROOM_IDS), ("any channel", *_ROOM_NAMES)))
_CHANNEL = Field("channel", "Channel", TRADING_OPS.id, _ROOM_IDS, _ROOM_NAMES)
_PERSON = Field(
    "person", "Who", SAM.id, tuple(each.id for each in PEOPLE), tuple(each.name for each in PEOPLE)
)

ABOUT: dict[FaultKind, About] = {
    FaultKind.DELAY: About(
        "Slack answers slowly",
        "The bot's next call takes so many seconds; the bot should go on working and lose nothing.",
        (Field("value", "Seconds", "2"), *_CALLS),
    ),
    FaultKind.RATE_LIMIT: About(
        "Slack says: too many messages",
        "The bot's next call is refused with 429; it should wait as long as it is told, then repeat it.",
        (Field("value", "Told to wait, seconds", "2"), *_CALLS),
    ),
    FaultKind.ERROR_5XX: About(
        "Slack is in trouble",
        "The bot's next call gets a server error; the bot should try again and say everything once.",
        (Field("value", "Status", "503", ("500", "502", "503", "504")), *_CALLS),
    ),
    FaultKind.DROPPED: About(
        "A call does not get through",
        "The connection breaks before Slack did anything; the bot should try again.",
        _CALLS,
    ),
    FaultKind.LOST_ANSWER: About(
        "Slack's answer gets lost",
        "Slack did what was asked but the bot never hears so; it should look before it repeats.",
        _CALLS,
    ),
    FaultKind.LINK_CUT: About(
        "The bot's line is closed",
        "Slack closes the bot's links properly; it should be back at once, and no click is lost.",
    ),
    FaultKind.LINK_CUT_HARD: About(
        "The bot's line breaks",
        "The links break as when a cable is pulled; the bot should notice and be back at once.",
    ),
    FaultKind.LINK_DEAF: About(
        "The bot's line goes dead but stays up",
        "Nothing comes through any more although the link is up; the bot should notice and dial anew.",
        (Field("value", "How dead", "silent", ("silent", "pings"), ("wholly", "only pings are answered")),),
    ),
    FaultKind.REFRESH_LINK: About(
        "Slack asks the bot to dial again",
        "Slack warns and closes the links ten seconds later, as it does every hour; nobody should notice.",
    ),
    FaultKind.DUPLICATE_DELIVERY: About(
        "A click arrives twice",
        "The next click or command is delivered twice; it should be acted on once.",
        (_COUNT,),
    ),
    FaultKind.LATE_DELIVERY: About(
        "A click arrives late",
        "The next click or command is so many seconds on its way; after three the person sees an error.",
        (Field("value", "Seconds", "5"), _COUNT),
    ),
    FaultKind.LOST_FIRST_DELIVERY: About(
        "A click gets lost on its way",
        "The next click or command does not arrive at first; Slack shows an error and sends it again.",
        (_COUNT,),
    ),
    FaultKind.FILE_NEVER_SHARED: About(
        "A picture never appears",
        "The next upload is taken but never becomes usable; the report should appear without its picture.",
        (_COUNT,),
    ),
    FaultKind.CHANNEL_ARCHIVED: About(
        "A channel is archived",
        "Nobody can write there any more; the bot should say elsewhere what it cannot say there.",
        (_CHANNEL,),
    ),
    FaultKind.BOT_REMOVED: About(
        "The bot is removed from a channel",
        "The bot can neither read nor write there; it should say elsewhere what it cannot say there.",
        (_CHANNEL,),
    ),
    FaultKind.USER_DEACTIVATED: About(
        "Somebody's account is deactivated",
        "The person can do nothing in Slack any more, and a yes of that account should no longer count.",
        (_PERSON,),
    ),
    FaultKind.USER_GUEST: About(
        "Somebody becomes a guest",
        "The person can still look and halt; within a minute the bot should refuse everything else.",
        (_PERSON,),
    ),
    FaultKind.USER_STRANGER: About(
        "Somebody turns out to be from another company",
        "The person clicks from another team in a shared channel, and the bot should refuse.",
        (_PERSON,),
    ),
}

# Those that meet calls of the app, deliveries to it, or its uploads: one after the other, as they come.
COUNTED = frozenset(kind for kind, about in ABOUT.items() if _COUNT in about.fields)
CALLS = frozenset(kind for kind, about in ABOUT.items() if _METHOD in about.fields)
DELIVERIES = frozenset({FaultKind.DUPLICATE_DELIVERY, FaultKind.LATE_DELIVERY, FaultKind.LOST_FIRST_DELIVERY})
UPLOADS = frozenset({FaultKind.FILE_NEVER_SHARED})


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault in force; `left` is how many more it meets, None for all until it is mended."""

    kind: FaultKind
    value: str = ""
    method: str = ""
    channel: str = ""
    left: int | None = 1

    def meets(self, method: str, channel: str) -> bool:
        """Whether it applies to a call of this method for this channel."""
        return self.method in ("", method) and self.channel in ("", channel)


@dataclass(slots=True)
class Faults:
    """The faults in force that meet calls, deliveries and uploads."""

    _faults: list[Fault] = field(default_factory=list)

    def add(self, fault: Fault) -> None:
        """Put a fault in force."""
        self._faults.append(fault)

    def mend(self) -> None:
        """Let everything work again."""
        self._faults.clear()

    def kinds(self) -> set[FaultKind]:
        """The kinds in force."""
        return {fault.kind for fault in self._faults}

    def take(self, kinds: Iterable[FaultKind], method: str = "", channel: str = "") -> dict[FaultKind, str]:
        """Give the faults that meet this, the first of each kind with its value, and count them off."""
        met: dict[FaultKind, str] = {}
        kept: list[Fault] = []
        for fault in self._faults:
            if fault.kind not in kinds or fault.kind in met or not fault.meets(method, channel):
                kept.append(fault)
                continue
            met[fault.kind] = fault.value
            if fault.left is None:
                kept.append(fault)
            elif fault.left > 1:
                kept.append(replace(fault, left=fault.left - 1))
        self._faults = kept
        return met
