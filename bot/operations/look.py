"""Looking at the venue account: limits, orders, readiness, preview."""

from collections.abc import Callable
from decimal import Decimal
from typing import Protocol

from bot.operations.desk import Desk, Refused
from bot.operations.health import DeskChecks, gateway_settings
from bot.operations.previews import PreviewFailed, preview_line
from bot.operations.status import in_use
from bot.view import View
from bot.views import look as view
from bot.views.live_form import TIMEFRAMES
from bot.words import unknown
from trading import limits
from trading.candles import Candle
from trading.health import Check, HealthReport, Verdict, run_checks
from trading.preview import Preview
from trading.session import SessionPlan, Stage
from trading.wire import GatewayStatus, OpenOrder

NOTIONAL_SHOWN = Decimal(100)
STAGES = tuple(str(stage) for stage in Stage)


class Account(Protocol):
    """What these looks ask of a gateway."""

    def status(self) -> GatewayStatus:
        """How it stands."""

    def limits_in_use(self) -> tuple[limits.LimitUse, ...]:
        """Each limit and how much of it is used."""

    def orders(self) -> tuple[OpenOrder, ...]:
        """Every open order of the account."""

    def checks(self, stage: str) -> tuple[Check, ...]:
        """What it can say about readiness."""

    def candles(self, symbol: str, timeframe: str, count: int) -> tuple[Candle, ...]:
        """The newest candles, the last of them open."""


class Look:
    """Reads the account through its gateway; raises TradingError when that does not answer."""

    def __init__(
        self,
        desk: Desk,
        checks: DeskChecks,
        gateway: Callable[[str], Account],
        preview: Callable[[SessionPlan], Preview],
    ) -> None:
        self._desk = desk
        self._checks = checks
        self._gateway = gateway
        self._preview = preview

    def risk(self) -> View:
        """Limits and what is used."""
        used = self._gateway(self._desk.live_exchange).limits_in_use()
        return view.limits(in_use(used, self._desk.limits.currency))

    def orders(self) -> View:
        """Open orders, ours and foreign."""
        return view.orders(self._gateway(self._desk.live_exchange).orders())

    def readiness(self, stage: str) -> View | Refused:
        """The checks before a start."""
        wanted = stage.strip().lower()
        if wanted not in STAGES:
            unknown_one = f" “{stage[:40]}” is none." if wanted else ""
            stages = ", ".join(STAGES)
            return Refused(
                f"Readiness of which stage? Type /peak readiness and one of {stages}.{unknown_one}"
            )
        return view.checks(f"Readiness for {wanted}", self.report(Stage(wanted)))

    def report(self, stage: Stage) -> HealthReport:
        """The bot's own checks and the gateway's."""
        return readiness_report(self._desk, self._checks, self._gateway, stage)

    def preview(self, words: tuple[str, ...]) -> View | Refused:
        """The orders that a start would send, sent nowhere."""
        strategy, symbol, timeframe = (*words, "", "", "")[:3]
        names = tuple(known.name for known in self._desk.strategies)
        problem = (
            unknown(strategy, names, "strategy")
            or unknown(symbol.upper(), self._desk.symbols, "symbol")
            or unknown(timeframe, TIMEFRAMES, "bar length")
        )
        if problem:
            return Refused(problem)
        timeframe = timeframe or TIMEFRAMES[0]
        choice = self._desk.strategy(strategy)
        if choice is None or not symbol:
            return Refused(
                f"Type /peak preview <strategy> <symbol> [bars]. Strategies: {', '.join(names)}. Symbols: "
                f"{', '.join(self._desk.symbols)}. Bars: {', '.join(TIMEFRAMES)}."
            )
        plan = SessionPlan(
            stage=Stage.LIVE,
            exchange=self._desk.live_exchange,
            strategy=choice.name,
            symbol=symbol.upper(),
            timeframe=timeframe,
            notional_max=min(self._desk.limits.max_order_notional, NOTIONAL_SHOWN),
            parameters=choice.parameters,
            class_path=choice.class_path,
            source_digest=choice.source_digest,
        )
        try:
            return view.preview(plan, preview_line(self._preview(plan), plan))
        except PreviewFailed as error:
            return Refused(str(error))


def readiness_report(
    desk: Desk, checks: DeskChecks, gateway: Callable[[str], Account], stage: Stage = Stage.LIVE
) -> HealthReport:
    """Every check of a stage, the bot's own and the gateway's; raises TradingError when that is away."""
    exchange = desk.exchange_of(stage)
    if not exchange:
        advice = f"Name one in config.toml: [stages] {stage} = …"
        return HealthReport.of([Check("stage", Verdict.FAILED, f"no exchange serves {stage}", 0, advice)])
    account = gateway(exchange)
    settings = gateway_settings(desk, account.status())
    own = run_checks([*checks.probes(), *checks.before_start(stage, account.candles)])
    return HealthReport.of([*own.checks, *account.checks(stage), settings])
