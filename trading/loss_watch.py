"""The day's loss against its limits: reached, it pauses what is live; each quarter more is a further page."""

from collections.abc import Callable, Iterable
from decimal import Decimal

from trading.amount import cents, plain
from trading.books import Books
from trading.events import EventKind
from trading.limits import LimitUse, RiskLimits, uses
from trading.session import SessionState, Stage
from trading.session_states import SessionStates
from trading.valuation import Valuation

_LIMITS = ("max_daily_loss_abs", "max_daily_loss_pct")


class LossWatch:
    """Looks at the loss of one account; a loss that is not known opens nothing, by the gate's own check."""

    def __init__(
        self,
        exchange: str,
        limits: Callable[[], RiskLimits],
        valuation: Valuation,
        books: Books,
        states: SessionStates,
        pause: Callable[[str, str], bool],
    ) -> None:
        """`limits` gives those that count now: they can be tightened while the gateway runs."""
        self._exchange = exchange
        self._limits = limits
        self._valuation = valuation
        self._books = books
        self._states = states
        self._pause = pause
        self._told = ""

    def look(self) -> None:
        """Pause every live session while the limit is reached, and page once for each step."""
        limits = self._limits()
        with self._books.lock:
            worst = worst_loss(uses(limits, self._books.exposure, self._valuation.daily()))
        if not worst.pages:
            return
        why = f"the loss of the day has reached its limit, {said(worst, limits.currency)}"
        for session in self._states.open():
            if session.plan.stage is Stage.LIVE and session.state is SessionState.RUNNING:
                self._pause(session.id, why)
        day = self._valuation.day_began_at()
        begun = day.isoformat() if day else "unknown"
        key = f"loss.reached:{self._exchange}:{begun}:{worst.pages}"
        if key != self._told:
            detail = f"{why}; live sessions are paused"
            facts = {"exchange": self._exchange, "page": worst.pages, "detail": detail}
            self._states.tell(EventKind.LOSS_REACHED, key, facts)
            self._told = key


def worst_loss(used: Iterable[LimitUse]) -> LimitUse:
    """Of the two limits of the day's loss the one that is used most."""
    return max((use for use in used if use.name in _LIMITS), key=lambda use: use.share or Decimal(0))


def said(use: LimitUse, currency: str) -> str:
    """How much of a limit of the day's loss is used, in words."""
    unit = "%" if use.name.endswith("_pct") else currency
    used = "unknown" if use.used is None else cents(use.used)
    return f"{used} of {plain(use.limit)} {unit}"
