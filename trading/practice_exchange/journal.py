"""Every call that adds or cancels orders, as it arrived: the proof that nothing came late or twice."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

JOURNALED = frozenset({"AddOrder", "CancelOrder", "CancelOrderBatch", "CancelAll", "CancelAllOrdersAfter"})


@dataclass(frozen=True, slots=True)
class Call:
    """One arrival; `outcome` is ok, an error string, or the fault that it met."""

    number: int
    arrived_at: datetime
    endpoint: str
    key: str
    params: dict[str, str]
    outcome: str = "arrived"
    txids: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """Write the call for GET /practice/orders; times are ISO 8601."""
        return {
            "number": self.number,
            "arrived_at": self.arrived_at.isoformat(),
            "endpoint": self.endpoint,
            "key": self.key,
            "cl_ord_id": self.params.get("cl_ord_id"),
            "params": self.params,
            "outcome": self.outcome,
            "txids": list(self.txids),
        }


class Journal:
    """The calls in order of arrival."""

    def __init__(self) -> None:
        self._calls: list[Call] = []

    def arrived(self, endpoint: str, key: str, params: Mapping[str, str], now: datetime) -> int:
        """Write a call down before anything is done about it; gives its number."""
        kept = {name: value for name, value in params.items() if name != "nonce"}
        self._calls.append(Call(len(self._calls) + 1, now, endpoint, key, kept))
        return len(self._calls)

    def ended(self, number: int, outcome: str, txids: tuple[str, ...] = ()) -> None:
        """Write down what became of a call."""
        self._calls[number - 1] = replace(self._calls[number - 1], outcome=outcome, txids=txids)

    def all(self) -> tuple[Call, ...]:
        """Every call so far."""
        return tuple(self._calls)
