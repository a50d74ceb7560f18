"""The faults in force: what a rehearsal or a test asks to go wrong, for so many calls or until mended."""

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
    LOST_CANCEL = "lost_cancel"
    SERVICE_TIMEOUT = "service_timeout"
    REJECT = "reject"
    INVALID_NONCE = "invalid_nonce"
    INVALID_SIGNATURE = "invalid_signature"
    LATE_FILLS = "late_fills"
    MAINTENANCE = "maintenance"
    PAIR_STATUS = "pair_status"
    DELISTED = "delisted"
    STALLED_TICKER = "stalled_ticker"
    BARS_LOST = "bars_lost"
    CLOCK_OFF_S = "clock_off_s"
    NO_TRADES = "no_trades"
    PRICE_JUMP = "price_jump"
    FOREIGN_ORDER = "foreign_order"
    DEPOSIT = "deposit"


CANCELS = frozenset({"CancelOrder", "CancelOrderBatch", "CancelAll"})

# These meet calls of their own unless an endpoint is named.
_ENDPOINTS: dict[FaultKind, frozenset[str]] = {
    FaultKind.LOST_ANSWER: frozenset({"AddOrder"}),
    FaultKind.SERVICE_TIMEOUT: frozenset({"AddOrder"}),
    FaultKind.REJECT: frozenset({"AddOrder"}),
    FaultKind.LOST_CANCEL: CANCELS,
    FaultKind.LATE_FILLS: CANCELS,
}
_PRIVATE_ONLY = frozenset({FaultKind.INVALID_NONCE, FaultKind.INVALID_SIGNATURE})

# A state of the exchange, until it is mended.
STANDING = frozenset(
    {
        FaultKind.MAINTENANCE,
        FaultKind.PAIR_STATUS,
        FaultKind.DELISTED,
        FaultKind.STALLED_TICKER,
        FaultKind.BARS_LOST,
        FaultKind.CLOCK_OFF_S,
    }
)
# Something that happens at once and is over.
EVENTS = frozenset({FaultKind.NO_TRADES, FaultKind.PRICE_JUMP, FaultKind.FOREIGN_ORDER, FaultKind.DEPOSIT})

BLANK_BODIES: dict[str, str] = {
    "html": "<html><body>Just a moment...</body></html>",
    "empty": "",
    "braces": "{}",
    "no_result": '{"error":[]}',
}

SYSTEM_STATES = ("maintenance", "cancel_only", "post_only")
PAIR_STATES = ("cancel_only", "post_only", "limit_only", "reduce_only")


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault; `left` is the number of calls it still meets, None for all until it is cleared.

    `pair` is the symbol of the market that a standing fault is about.
    """

    kind: FaultKind
    value: str
    endpoint: str | None = None
    left: int | None = 1
    pair: str | None = None

    def meets(self, endpoint: str, *, is_private: bool) -> bool:
        """Whether it applies to a call of this endpoint."""
        if self.kind in STANDING:
            return False
        if self.endpoint is not None:
            return self.endpoint == endpoint
        if self.kind in _ENDPOINTS:
            return endpoint in _ENDPOINTS[self.kind]
        return is_private or self.kind not in _PRIVATE_ONLY

    def replaces(self, other: "Fault") -> bool:
        """Whether the other one is the same fault, set before."""
        return (self.kind, self.endpoint, self.pair) == (other.kind, other.endpoint, other.pair)


class Faults:
    """The faults now in force."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Put a fault in force; the same one set before is replaced."""
        self._faults = [each for each in self._faults if not fault.replaces(each)]
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

    def of_pair(self, kind: FaultKind, symbol: str) -> str | None:
        """The value of a standing fault of this market, None when there is none."""
        values = [fault.value for fault in self._faults if fault.kind is kind and fault.pair == symbol]
        return values[-1] if values else None

    def take(self, endpoint: str, *, is_private: bool) -> dict[FaultKind, str]:
        """Give the faults that meet this call, the first of each kind, and count the call off."""
        met: dict[FaultKind, str] = {}
        kept: list[Fault] = []
        for fault in self._faults:
            if fault.kind in met or not fault.meets(endpoint, is_private=is_private):
                kept.append(fault)
                continue
            met[fault.kind] = fault.value
            if fault.left is None:
                kept.append(fault)
            elif fault.left > 1:
                kept.append(replace(fault, left=fault.left - 1))
        self._faults = kept
        return met
