"""What a gateway can say about its venue before a start."""

from collections.abc import Callable
from datetime import datetime

from trading.errors import ExchangeAuthenticationError, VenueError
from trading.health import Finding, failed, passed, warned
from trading.reconciliation import Reconciler
from trading.venue_clock import CLOCK_SKEW_S_MAX, clock_skew_s
from trading.venues.venue import Venue, VenueStatus


class VenueChecks:
    """The probes of one account; `emergency` is None when there is no second key."""

    def __init__(
        self,
        venue: Venue,
        emergency: Venue | None,
        reconciler: Reconciler,
        clock: Callable[[], datetime],
        ready: Callable[[], str],
    ) -> None:
        self._venue = venue
        self._emergency = emergency
        self._reconciler = reconciler
        self._clock = clock
        self._ready = ready

    def probes(self, stage: str) -> list[tuple[str, Callable[[], Finding]]]:
        """The checks for a start in this stage, in order."""
        probes = [
            ("venue", self._status),
            ("venue clock", self._skew),
            ("credentials", self._credentials),
            ("key rights", lambda: self._rights(stage)),
            ("foreign orders", lambda: self._foreign(stage)),
            ("books", self._books),
        ]
        if stage == "live":
            probes.append(("emergency key", self._emergency_key))
        return probes

    def _status(self) -> Finding:
        status = self._venue.status()
        if status is VenueStatus.ONLINE:
            return passed("online")
        return failed(f"the venue is in {status}", "Wait until its status page says online.")

    def _skew(self) -> Finding:
        skew_s = clock_skew_s(self._venue, self._clock)
        detail = f"our clock is {skew_s:+.1f} s against the venue's"
        if abs(skew_s) > CLOCK_SKEW_S_MAX:
            return failed(detail, "Set this machine's clock (chronyc tracking), then ask again.")
        return passed(detail)

    def _credentials(self) -> Finding:
        assets = sum(1 for quantity in self._venue.balances().values() if quantity)
        try:
            self._venue.transfers(self._clock())  # the ledger has a right of its own
        except ExchangeAuthenticationError:
            return failed(
                "the key may not query ledger entries, so a deposit cannot be told from a profit",
                "Give it the right to query ledger entries.",
            )
        return passed(f"the key is accepted; {assets} asset{'' if assets == 1 else 's'} in the account")

    def _rights(self, stage: str) -> Finding:
        try:
            rights = self._venue.key_rights()
        except VenueError as error:
            return warned(
                f"the venue does not say what the key may do: {error}", "Look at the venue's key page."
            )
        if rights.may_withdraw:
            return failed("the key may withdraw", "Make a key without that right at the venue.")
        if stage == "live" and rights.may_trade is False:
            return failed("the key may not trade", "Give it the right to create and modify orders.")
        return passed(rights.detail or "as they should be")

    def _foreign(self, stage: str) -> Finding:
        differences = self._reconciler.compare_open_orders()
        if not differences:
            return passed("none")
        say = failed if stage == "live" else warned
        count = f"{len(differences)}, " if len(differences) > 1 else ""  # of many not all are shown
        advice = "Cancel them at the venue, or use an account of the bot's own; /peak orders lists them."
        return say(count + "; ".join(differences), advice)

    def _books(self) -> Finding:
        why = self._ready()
        return (
            failed(why, "Wait a moment; look at logs/peak-ops.log if it lasts.")
            if why
            else passed("reconciled")
        )

    def _emergency_key(self) -> Finding:
        if self._emergency is None:
            return failed("there is none", "Set KRAKEN_EMERGENCY_API_KEY and KRAKEN_EMERGENCY_API_SECRET.")
        count = len(self._emergency.open_orders())
        return passed(f"accepted; it sees {count} open orders")
