"""After a halt was cleared: for the first hours live sessions open at half of their size."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from trading.killswitch import Latch
from trading.session import Stage

CAREFUL_FOR = timedelta(hours=2)
SHARE = Decimal("0.5")
WHOLE = Decimal(1)


class AfterHalt:
    """How much of its size a session may open now."""

    def __init__(
        self, latch: Latch, clock: Callable[[], datetime], careful_for: timedelta = CAREFUL_FOR
    ) -> None:
        self._latch = latch
        self._clock = clock
        self._careful_for = careful_for
        self._read: tuple[tuple[int, int, int] | None, datetime | None] = (None, None)

    def share(self, stage: Stage) -> Decimal:
        """Half for what is live while the clearing is young, else all."""
        return SHARE if stage is Stage.LIVE and self.until() else WHOLE

    def until(self) -> datetime | None:
        """Until when it is half; None where no halt was cleared lately."""
        cleared_at = self._cleared_at()
        if cleared_at is None or self._clock() >= cleared_at + self._careful_for:
            return None
        return cleared_at + self._careful_for

    def _cleared_at(self) -> datetime | None:
        """What the latch says, read anew only when its file is another: each order asks for it."""
        try:
            found = self._latch.latch_file.stat()
        except OSError:
            return None
        seen = (found.st_ino, found.st_mtime_ns, found.st_size)
        if self._read[0] != seen:
            self._read = (seen, self._latch.rearmed_at())
        return self._read[1]
