"""The desk in one look."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Protocol

from approvals.person import Person
from approvals.quorum import may_ask
from bot.lease import Holder, at_work
from bot.operations.desk import Desk
from bot.operations.request_card import cards_for, pending
from bot.operations.sessions import silent_sessions, summarise
from bot.storage import Storage, Transaction
from bot.summaries import Allowed, HaltState, LimitUse, StatusSummary
from trading import limits as trading_limits
from trading.errors import TradingError
from trading.gateway_client import GatewayGone
from trading.killswitch import Latch
from trading.limits import LIMIT_NAMES
from trading.position import Book
from trading.wire import EquitySummary, GatewayStatus, Quote


class Account(Protocol):
    """What the status asks of a gateway."""

    def status(self) -> GatewayStatus:
        """How it stands."""

    def limits_in_use(self) -> tuple[trading_limits.LimitUse, ...]:
        """Each limit and how much of it is used."""

    def ticker(self, symbol: str) -> Quote:
        """Best prices now."""

    def equity(self) -> EquitySummary:
        """The account's money."""


class ReadStatus:
    """Sessions, halt state, limits in use, pending approvals; whatever cannot be read is shown as unknown."""

    def __init__(
        self,
        storage: Storage,
        desk: Desk,
        latch: Latch,
        gateway: Callable[[str], Account],
        workspace_url: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._storage = storage
        self._desk = desk
        self._latch = latch
        self._gateway = gateway
        self._workspace_url = workspace_url

    def __call__(self, person: Person | None = None) -> StatusSummary:
        """Read the database, the latch and the gateway; none of them can stop the others being shown.

        `person` is the one who looks, and is offered what that person may do.
        """
        gateway_line, limits, prices, silent = self._account()
        with self._storage.reading() as tx:
            sessions = tuple(
                summarise(tx, self._desk, session, prices, silent) for session in tx.sessions.all_open()
            )
            waiting = pending(tx, self._desk, self._workspace_url())
            cards = cards_for(tx, self._desk, person) if person is not None else ()
            at, holder = tx.now, Holder.of(tx.session)
            held = held_by_sessions(tx, self._desk.live_exchange)
        return StatusSummary(
            halt=read_halt(self._latch, self._desk),
            sessions=sessions,
            pending_approvals=waiting,
            limits=limits,
            gateways=(gateway_line,),
            practice=self._desk.practice,
            at=at,
            bot=at_work(holder, at),
            held=held,
            allowed=allowed(self._desk, person),
            cards=cards,
        )

    def _account(
        self,
    ) -> tuple[tuple[str, str], tuple[LimitUse, ...], dict[str, Decimal], frozenset[str]]:
        exchange = self._desk.live_exchange
        try:
            client = self._gateway(exchange)
            status = client.status()
            used = in_use(client.limits_in_use(), self._desk.limits.currency)
            prices = {symbol: client.ticker(symbol).bid for symbol in self._desk.symbols}
        except TradingError as error:
            configured = tuple(replace(use, used=None) for use in configured_limits(self._desk.limits))
            gone = "does not answer; the bot starts it again"
            state = gone if isinstance(error, GatewayGone) else f"unknown: {error}"
            return (exchange, state), configured, {}, frozenset()
        line = (exchange, "ready" if status.ready else status.detail)
        return line, used, prices, silent_sessions(status)


def allowed(desk: Desk, person: Person | None) -> Allowed:
    """What a person may do by the policy of today."""
    return Allowed(
        start=desk.begun and may_ask(desk.policy.rule("live.activate"), person) is None,
        stop=may_ask(desk.policy.alone("session.stop"), person) is None,
        clear=may_ask(desk.rule("rearm"), person) is None,
    )


def held_by_sessions(tx: Transaction, exchange: str) -> tuple[tuple[str, Decimal], ...]:
    """What all sessions of an account, those that are over too, have bought and not sold."""
    positions = Book(tx.fills.all(exchange)).positions
    return tuple((each.symbol.split("/")[0], each.quantity) for each in positions if each.quantity)


def configured_limits(limits: trading_limits.RiskLimits) -> tuple[LimitUse, ...]:
    """The limits as set, their use not looked at."""
    unused = (trading_limits.LimitUse(name, getattr(limits, name), None) for name in LIMIT_NAMES)
    return in_use(unused, limits.currency)


def in_use(uses: Iterable[trading_limits.LimitUse], currency: str) -> tuple[LimitUse, ...]:
    """Limits as views are given them, each with the unit of its figures."""
    return tuple(
        LimitUse(use.name, use.limit, use.used, "%" if use.name.endswith("_pct") else currency)
        for use in uses
    )


def read_halt(latch: Latch, desk: Desk) -> HaltState:
    """The latch as people read it."""
    state = latch.read()
    return HaltState(state.engaged, state.reason, desk.name_of(state.by), state.at)
