"""The dead man's timer: unless it is wound again in time, every order of the account is cancelled."""

from datetime import datetime, timedelta

from trading.practice_exchange.errors import invalid_argument

TIMEOUT_MAX_S = 86400


class DeadMansTimer:
    """One account's CancelAllOrdersAfter."""

    def __init__(self) -> None:
        self.fires_at: datetime | None = None
        self.fired = 0

    def wind(self, timeout_s: int, now: datetime) -> datetime | None:
        """Set the timer anew and tell when it fires; 0 disarms it."""
        if timeout_s > TIMEOUT_MAX_S:
            raise invalid_argument("timeout")
        self.fires_at = now + timedelta(seconds=timeout_s) if timeout_s else None
        return self.fires_at

    def shift(self, change: timedelta) -> None:
        """Go off as far from now as before, though the clock was changed."""
        if self.fires_at is not None:
            self.fires_at += change

    def fire_if_due(self, now: datetime) -> bool:
        """Tell once that the time has come."""
        if self.fires_at is None or now < self.fires_at:
            return False
        self.fires_at = None
        self.fired += 1
        return True
