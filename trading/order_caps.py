"""How many orders a live session may send in an hour and in a day."""

from dataclasses import dataclass

ORDERS_AN_HOUR = 20
ORDERS_A_DAY = 100


@dataclass(frozen=True, slots=True)
class OrderCaps:
    """The orders that one live session may send within any hour, and within any 24 hours."""

    an_hour: int = ORDERS_AN_HOUR
    a_day: int = ORDERS_A_DAY

    def as_value(self) -> dict[str, int]:
        """Both, ready for `canonical`."""
        return {"an_hour": self.an_hour, "a_day": self.a_day}
