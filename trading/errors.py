"""What can go wrong in trading; a class's docstring is its message."""

from typing import Any


class TradingError(Exception):
    """Something in trading went wrong."""

    def __init__(self, **facts: Any) -> None:
        self.__dict__.update(facts)
        template = type(self).__doc__ or ""
        super().__init__(template.format(**facts))


class BadAmount(TradingError):
    """{text!r} cannot be used as an amount: {why}. Write it like 1250.50: digits, at most one point."""


class AmountOutside(BadAmount):
    """{text} is not possible: {why}. Enter an amount within that."""


class BadTimeframe(TradingError):
    """{text!r} is no bar length that can be traded; choose one of {allowed}."""


class BadCandle(TradingError):
    """The candle of {opened_at} cannot be used: {why}. Nothing is decided on it; look at the venue's data."""

    why: str


class BadInstrument(TradingError):
    """The venue describes {symbol} with {field} = {value}, which cannot be traded on. Try another symbol."""


class BadFill(TradingError):
    """Fill {fill_id} says {field} = {value}, which cannot be booked. Compare it with the venue's own list."""


class UnknownPrice(TradingError):
    """The price of {symbol} in {currency} is not known, so its worth cannot be told. Wait for the venue."""


class BadLimit(TradingError):
    """Limit {name} is {value!r}, but {allowed}. Nothing trades until it is mended."""


class LimitLoosened(TradingError):
    """A running gateway takes tighter limits only, and {names} would be wider. Nothing was changed."""


class BadStrategy(TradingError):
    """Strategy {name} cannot be used: {why}."""


class BadTarget(TradingError):
    """Strategy {name} answered {value!r}; a target is a Decimal from 0 to 1. Its session sends nothing."""


class UnapprovedSession(TradingError):
    """Session {session_id} would be live without a grant. Ask for one with /peak live start."""


class IllegalTransition(TradingError):
    """Session {session_id} is {state} and cannot become {wanted}. Look at /peak status."""


class DuplicateOrder(TradingError):
    """Order {client_order_id} is in the books already and is never sent a second time."""


class NoSuchOrder(TradingError):
    """Order {client_order_id} is not in the books. Reconcile with the venue before going on."""


class DuplicateSession(TradingError):
    """Session {session_id} exists already, or its request has started one. Look at /peak status."""


class NoSuchSession(TradingError):
    """There is no session {session_id}. Look at /peak status for those that are."""


class LatchUnwritable(TradingError):
    """Neither halt file in {home} could be written ({detail}). End the gateways by hand: `peak-ops kill`."""


class LatchStillEngaged(TradingError):
    """The halt stands: {reason}. It came or stayed while the halt was being cleared; ask again."""


class AlreadyBegun(TradingError):
    """The home {home} was begun before; a halt in it is cleared with /peak rearm, never begun again."""


class NotThisProcess(TradingError):
    """Session {session_id} does not take this process: {why}. It ends."""


class VenueError(TradingError):
    """The venue could not be used."""

    severity = "medium"

    @property
    def name(self) -> str:
        """The name under which logs and runbooks know this error."""
        return type(self).__name__


class ExchangeRateLimitError(VenueError):
    """The venue asks us to slow down: {detail}. It resumes by itself."""

    severity = "low"


class ExchangeAuthenticationError(VenueError):
    """The venue refused the key: {detail}. Check the key's rights at the venue, then rotate it."""

    severity = "high"


class ExchangeOrderError(VenueError):
    """The venue rejected the order: {detail}. Nothing of it is open there."""


class ExchangeNetworkError(VenueError):
    """The venue did not answer as it should: {detail}. Reads are tried again; orders become unknown."""


class ExchangeAPIError(VenueError):
    """The venue reported an error: {detail}. After the third the session pauses."""
