"""Faults that a rehearsal or a test asks for, each for so many calls."""

from dataclasses import dataclass, replace
from enum import StrEnum


class FaultKind(StrEnum):
    """What goes wrong."""

    DELAY_S = "delay_s"
    ERROR_5XX = "error_5xx"
    RATE_LIMIT = "rate_limit"
    BLANK_200 = "blank_200"
    DROPPED = "dropped"
    LOST_ANSWER = "lost_answer"
    SERVICE_TIMEOUT = "service_timeout"
    MAINTENANCE = "maintenance"
    REJECT = "reject"
    INVALID_NONCE = "invalid_nonce"


ORDERS_ONLY = frozenset({FaultKind.LOST_ANSWER, FaultKind.SERVICE_TIMEOUT, FaultKind.REJECT})
PRIVATE_ONLY = frozenset({FaultKind.INVALID_NONCE})

DEFAULT_VALUES: dict[FaultKind, str] = {
    FaultKind.DELAY_S: "1",
    FaultKind.ERROR_5XX: "503",
    FaultKind.BLANK_200: "html",
    FaultKind.MAINTENANCE: "maintenance",
    FaultKind.REJECT: "EOrder:Insufficient funds",
}

BLANK_BODIES: dict[str, str] = {
    "html": "<html><body>Just a moment...</body></html>",
    "empty": "",
    "braces": "{}",
    "no_result": '{"error":[]}',
}

SYSTEM_STATES = ("maintenance", "cancel_only", "post_only")


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault; `left` is the number of calls it still meets, None for all until it is cleared."""

    kind: FaultKind
    value: str
    endpoint: str | None = None
    left: int | None = 1

    def meets(self, endpoint: str, *, is_private: bool) -> bool:
        """Whether it applies to a call of this endpoint."""
        if self.endpoint is not None:
            return self.endpoint == endpoint
        if self.kind in ORDERS_ONLY:
            return endpoint == "AddOrder"
        return is_private or self.kind not in PRIVATE_ONLY


class Faults:
    """The faults now in force."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Put a fault in force."""
        self._faults.append(fault)

    def clear(self) -> None:
        """Let everything work again."""
        self._faults.clear()

    def all(self) -> tuple[Fault, ...]:
        """Every fault in force."""
        return tuple(self._faults)

    @property
    def system_state(self) -> str:
        """What SystemStatus says: online unless a maintenance fault is in force."""
        states = [fault.value for fault in self._faults if fault.kind is FaultKind.MAINTENANCE]
        return states[-1] if states else "online"

    def take(self, endpoint: str, *, is_private: bool) -> dict[FaultKind, str]:
        """Give the faults that meet this call, the first of each kind, and count the call off."""
        met: dict[FaultKind, str] = {}
        kept: list[Fault] = []
        for fault in self._faults:
            if (
                fault.kind is FaultKind.MAINTENANCE
                or fault.kind in met
                or not fault.meets(endpoint, is_private=is_private)
            ):
                kept.append(fault)
                continue
            met[fault.kind] = fault.value
            if fault.left is None:
                kept.append(fault)
            elif fault.left > 1:
                kept.append(replace(fault, left=fault.left - 1))
        self._faults = kept
        return met
