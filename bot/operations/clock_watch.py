"""A clock that was set back: told once each time, on record and as an alert."""

from approvals.events import SYSTEM
from approvals.store import CLOCK_BACK_MAX
from bot.operations.alerts import raise_alert
from bot.operations.desk import Desk
from bot.storage import Storage


class WatchClock:
    """Looks whether the clock is behind the highest time that was seen."""

    def __init__(self, storage: Storage, desk: Desk) -> None:
        self._storage = storage
        self._desk = desk
        self._is_told = False

    def __call__(self) -> None:
        """Tell of it when it begins; nothing while it lasts."""
        with self._storage.reading() as tx:
            is_back = tx.now < tx.highest - CLOCK_BACK_MAX
        if is_back and not self._is_told:
            self._tell()
        self._is_told = is_back

    def _tell(self) -> None:
        with self._storage.transaction() as tx:
            now, highest = tx.now, tx.highest
            tx.note("clock.set_back", SYSTEM, "clock", now=now, highest=highest)
            raise_alert(
                tx,
                self._desk,
                f"clock:{highest.isoformat()}:{now.isoformat()}",
                "clock.set_back",
                "high",
                "The clock of this machine was set back",
                f"It says {now:%Y-%m-%d %H:%M:%S} UTC, and {highest:%Y-%m-%d %H:%M:%S} UTC was seen before. "
                "Nothing that takes approval is asked, counted or carried out until that time is reached.",
                "Set it right, and find out who did it. Halting, stopping and what runs are not touched.",
            )
