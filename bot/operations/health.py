"""The health check: every morning by itself, and whenever somebody asks."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Protocol

import psutil

from approvals.errors import PolicyUnsafe
from approvals.person import Person
from bot.operations.answer_time import took
from bot.operations.asker import Asker
from bot.operations.desk import DRILL, Desk
from bot.operations.sessions import HEARTBEAT_AGE_MAX_S, silent_sessions, summarise
from bot.operations.start_checks import Candles, StartChecks
from bot.outbox import Chart, Urgency
from bot.records import new_id
from bot.storage import Storage, Transaction
from bot.summaries import CheckLine, HealthSummary
from bot.views.health import chart_description, health_report
from bot.views.wording import merged, verdict
from trading.errors import TradingError
from trading.health import Check, Finding, HealthReport, Verdict, failed, passed, run_checks, warned
from trading.killswitch import Latch
from trading.session import Stage
from trading.wire import EQUITY_DAYS, EquitySummary, GatewayStatus, Quote

DISK_FREE_SHARE_MIN = 0.10
GATEWAY_READY_WITHIN_S = 60.0
LOOK_EVERY_S = 0.5

log = logging.getLogger(__name__)


class Account(Protocol):
    """What a health check asks of a gateway."""

    def status(self) -> GatewayStatus:
        """How it stands."""

    def equity(self) -> EquitySummary:
        """The account's money."""

    def checks(self, stage: str) -> tuple[Check, ...]:
        """What it can say about readiness."""

    def ticker(self, symbol: str) -> Quote:
        """Best prices now."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What the host tells of itself."""

    home: Path

    def figures(self) -> tuple[tuple[str, str], ...]:
        """Load, memory and disk, in words."""
        disk = psutil.disk_usage(str(self.home))
        memory = psutil.virtual_memory()
        load = " ".join(f"{value:.2f}" for value in psutil.getloadavg())
        return (
            ("load", f"{load} on {psutil.cpu_count()} cores"),
            ("memory", f"{memory.percent:.0f} % used"),
            ("disk", f"{disk.free / disk.total:.0%} free"),
        )

    def disk_check(self) -> Finding:
        """More than a tenth of the disk must be free."""
        disk = psutil.disk_usage(str(self.home))
        share = disk.free / disk.total
        if share > DISK_FREE_SHARE_MIN:
            return passed(f"{share:.0%} free")
        return failed(f"only {share:.0%} free", "Free some room, or move the home to a larger disk.")


class DeskChecks:
    """The checks that the bot makes itself, for health and for readiness."""

    def __init__(
        self,
        storage: Storage,
        desk: Desk,
        latch: Latch,
        machine: Machine,
        link: Callable[[], Finding] | None = None,
    ) -> None:
        """`link` looks at the link to Slack, where there is one."""
        self._storage = storage
        self._desk = desk
        self._latch = latch
        self._machine = machine
        self._link = link

    def probes(self) -> list[tuple[str, Callable[[], Finding]]]:
        """Name and probe of each."""
        slack = [("slack link", self._link)] if self._link else []
        return [
            *slack,
            ("halt", self._halt),
            ("roster", self._roster),
            ("record", self._record),
            ("alerts", self._alerts),
            ("disk", self._machine.disk_check),
        ]

    def before_start(self, stage: Stage, candles: Candles) -> list[tuple[str, Callable[[], Finding]]]:
        """The same for what has to be so before a start, and needs not be so every morning."""
        return StartChecks(self._storage, self._desk, candles).probes(stage)

    def _halt(self) -> Finding:
        state = self._latch.read()
        if not state.engaged:
            return passed("not engaged")
        return failed(f"halted: {state.reason}", "Two people clear it with /peak rearm <reason>.")

    def _roster(self) -> Finding:
        try:
            self._desk.policy.rule("live.activate").check(self._desk.roster)
        except PolicyUnsafe as error:
            return failed(str(error), "Correct people.toml or policy.toml and start the bot again.")
        return passed(f"{len(self._desk.roster.desk)} persons may decide")

    def _record(self) -> Finding:
        with self._storage.reading() as tx:
            verdict = tx.audit.verify()
        if verdict.ok:
            return passed(f"{verdict.rows} rows, head {verdict.head or 'none yet'}")
        return failed(
            f"row {verdict.first_bad}: {verdict.why}",
            "Halt, keep the database, and run peak-ops audit verify.",
        )

    def _alerts(self) -> Finding:
        with self._storage.reading() as tx:
            count = tx.alerts.open_count()
        if count == 0:
            return passed("none open")
        return warned(f"{count} not acknowledged", "Somebody should look into the alert channel.")


class CheckHealth:
    """Make the report, keep it, and hand it to the desk with its chart."""

    def __init__(
        self,
        storage: Storage,
        desk: Desk,
        checks: DeskChecks,
        machine: Machine,
        gateway: Callable[[str], Account],
        note_head: Callable[[str], None] = lambda why: None,
    ) -> None:
        """`note_head` notes the head of the record outside the database, once for each scheduled report."""
        self._storage = storage
        self._desk = desk
        self._checks = checks
        self._machine = machine
        self._gateway = gateway
        self._note_head = note_head
        self._stopping = Event()

    def stop(self) -> None:
        """Let no scheduled report wait any longer; the next start makes up for it."""
        self._stopping.set()

    def unposted(self, asked_by: str) -> HealthSummary:
        """The same for a shell: made and put on record, not posted."""
        health = self._make(new_id("report"), asked_by)
        with self._storage.transaction() as tx:
            _note(tx, health)
        return health

    def scheduled(self, day: date) -> None:
        """The morning's report; nothing when that day has its own already."""
        report = report_id(day.isoformat())
        if self._known(report) is None:
            self._wait_for_gateway()
            if not self._stopping.is_set():
                self._report(report, "the schedule", day=day)
                self._note_head("health report")

    def missed(self, day: date) -> bool:
        """Whether a day has no scheduled report, at a desk that had one before."""
        with self._storage.reading() as tx:
            before = tx.reports.before(tx.now)
        return before is not None and self._known(report_id(day.isoformat())) is None

    def _wait_for_gateway(self) -> None:
        """A report that is made up for at the start would otherwise find the gateway still reconciling."""
        deadline = monotonic() + GATEWAY_READY_WITHIN_S
        while monotonic() < deadline and not self._stopping.is_set():
            try:
                if self._gateway(self._desk.live_exchange).status().ready:
                    return
            except TradingError as error:
                log.info("health report waits for its gateway: %s", error)
            self._stopping.wait(LOOK_EVERY_S)

    def now(self, actor: Person, asker: Asker) -> HealthSummary:
        """The same for somebody who asks, and the answer; heard again after a crash, the first one stands."""
        report = report_id(asker.cause)
        return self._known(report) or self._report(report, actor.name, asker=asker)

    def _known(self, report: str) -> HealthSummary | None:
        with self._storage.reading() as tx:
            return tx.reports.get(report)

    def _report(
        self, report: str, asked_by: str, *, day: date | None = None, asker: Asker | None = None
    ) -> HealthSummary:
        health = self._make(report, asked_by)
        view = health_report(health)
        with self._storage.transaction() as tx:
            if known := tx.reports.get(report):
                return known
            tx.reports.add(health, day)
            _note(tx, health)
            chart = Chart(health.points, health.currency, chart_description(health))
            tx.outbox.image(f"report:{report}", self._desk.channels.reports, view, chart, Urgency.LAST)
            if asker is not None:
                asker.shown(tx, view)
        return health

    def _make(self, ident: str, asked_by: str) -> HealthSummary:
        report, equity, prices, silent = self._account()
        with self._storage.reading() as tx:
            at = tx.now
            before, drill = tx.reports.before(at), tx.requests.last_answerable(DRILL)
            sessions = tuple(
                summarise(tx, self._desk, each, prices, silent) for each in tx.sessions.all_open()
            )
        points = equity.points if equity else ()
        return HealthSummary(
            id=ident,
            verdict=report.verdict,
            at=at,
            asked_by=asked_by,
            checks=tuple(_line(check) for check in report.checks),
            sessions=sessions,
            equity=equity.equity if equity else None,
            currency=equity.currency if equity else self._desk.limits.currency,
            daily_pnl=equity.daily_pnl if equity else None,
            realised=equity.realised if equity else None,
            unrealised=equity.unrealised if equity else None,
            fees=equity.fees if equity else None,
            exposure=equity.exposure if equity else None,
            machine=self._machine.figures(),
            equity_before=before.equity if before else None,
            before_at=before.at if before else None,
            drilled_at=drill.created_at if drill else None,
            drill=took(drill) if drill else "",
            points=tuple(point for point in points if point[0] >= at - timedelta(days=EQUITY_DAYS)),
        )

    def _account(
        self,
    ) -> tuple[HealthReport, EquitySummary | None, Mapping[str, Decimal], frozenset[str]]:
        report = run_checks(self._checks.probes())
        exchange = self._desk.live_exchange
        try:
            client = self._gateway(exchange)
            status = client.status()
            gateway = (*client.checks("live"), gateway_settings(self._desk, status), heartbeats(status))
        except TradingError as error:
            silent = Check(f"gateway {exchange}", Verdict.FAILED, str(error), 0, "Look at /peak status.")
            return HealthReport.of([*report.checks, silent]), None, {}, frozenset()
        prices, unpriced = self._prices(client)
        checks = [*report.checks, *gateway, *unpriced]
        equity = None
        try:
            equity = client.equity()
        except TradingError as error:
            checks.append(Check("money", Verdict.FAILED, str(error), 0, "Look at /peak status."))
        return HealthReport.of(checks), equity, prices, silent_sessions(status)

    def _prices(self, client: Account) -> tuple[dict[str, Decimal], list[Check]]:
        """What each symbol would sell for, and a failed check for those that have no price now."""
        prices, missing = {}, []
        for symbol in self._desk.symbols:
            try:
                prices[symbol] = client.ticker(symbol).bid
            except TradingError as error:
                missing.append(f"{symbol}: {error}")
        if not missing:
            return prices, []
        advice = "What is held of it has no worth here; look at the venue's own page."
        return prices, [Check("prices", Verdict.FAILED, "; ".join(missing), 0, advice)]


def report_id(cause: str) -> str:
    """One cause, one report: a day for the morning's, Slack's own key for one that somebody asked for."""
    return f"report-{sha256(cause.encode()).hexdigest()[:16]}"


def _note(tx: Transaction, health: HealthSummary) -> None:
    wrong = [f"{check.name} {check.verdict}" for check in health.checks if check.verdict != Verdict.PASSED]
    reason = ", ".join(wrong) or "all passed"
    tx.note("health.check", health.asked_by, health.id, verdict=health.verdict, reason=reason)


def gateway_settings(desk: Desk, status: GatewayStatus) -> Check:
    """Whether the gateway goes by the limits and addresses that stand on the cards."""
    if status.settings_digest == desk.settings_digest:
        return Check("gateway settings", Verdict.PASSED, "those of this desk", 0)
    return Check(
        "gateway settings",
        Verdict.FAILED,
        "the gateway was started with other limits, venue, zone or stages than this bot",
        0,
        "Stop the live sessions: then the bot replaces the gateway by itself. If it stays, restart the bot.",
    )


def heartbeats(status: GatewayStatus) -> Check:
    """Whether every session that runs has been heard of lately."""
    late = {session: age for session, age in status.heartbeats.items() if age > HEARTBEAT_AGE_MAX_S}
    if not late:
        return Check("sessions", Verdict.PASSED, f"{len(status.heartbeats)} running, all heard of", 0)
    names = ", ".join(f"{session} for {age:.0f} s" for session, age in late.items())
    return Check("sessions", Verdict.FAILED, f"silent: {names}", 0, "Stop them, or halt.")


def in_short(report: HealthReport) -> str:
    """A report in one line."""
    wrong = [check for check in report.checks if check.verdict is not Verdict.PASSED]
    told = "; ".join(f"{names}: {check.detail}" for names, check in merged(wrong))
    said = verdict(report.verdict, len(report.warned))
    return f"{said}, {len(report.checks)} checks" + (f" ({told})" if told else "")


def _line(check: Check) -> CheckLine:
    return CheckLine(check.name, check.verdict, check.detail, check.advice, round(check.duration_ms))
