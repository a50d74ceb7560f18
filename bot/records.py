"""The bot's own records: alerts, halts and reports; rows in, summaries out."""

import secrets
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlmodel import Session, col, select

from bot.summaries import (
    AlertSummary,
    CheckLine,
    HaltOutcome,
    HaltStep,
    HaltSummary,
    HealthSummary,
    SessionSummary,
)
from bot.tables import AlertRow, HaltRow, ReportRow


class AlertStore:
    """Alerts inside the caller's transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def raise_alert(self, alert: AlertSummary, key: str) -> AlertSummary:
        """Save an alert, or count it on the open one of its kind, session and severity.

        What is worse is told anew: a card that only changes calls nobody. A known key changes nothing.
        """
        if known := self._session.exec(select(AlertRow).where(AlertRow.key == key)).first():
            return _alert(known)
        same = self._session.exec(
            select(AlertRow).where(
                AlertRow.kind == alert.kind,
                AlertRow.session_id == alert.session_id,
                AlertRow.severity == alert.severity,
                col(AlertRow.acknowledged_at).is_(None),
            )
        ).first()
        if same is not None:
            same.times += same.title == alert.title  # another title is how the same trouble went on
            same.last_at, same.title, same.detail = alert.at, alert.title, alert.detail
            same.advice = alert.advice
            return _alert(same)
        row = AlertRow(
            id=alert.id,
            key=key,
            kind=alert.kind,
            severity=alert.severity,
            title=alert.title,
            detail=alert.detail,
            advice=alert.advice,
            session_id=alert.session_id,
            at=alert.at,
            last_at=alert.at,
        )
        self._session.add(row)
        self._session.flush()
        return _alert(row)

    def went_on(self, kind: str, title: str, title_now: str, detail: str, advice: str) -> str | None:
        """Let an open alert of this title say how it went on; gives its id, None when there is none."""
        row = self._session.exec(
            select(AlertRow).where(
                AlertRow.kind == kind, AlertRow.title == title, col(AlertRow.acknowledged_at).is_(None)
            )
        ).first()
        if row is None:
            return None
        row.title, row.detail, row.advice = title_now, detail, advice
        return row.id

    def get(self, alert_id: str) -> AlertSummary | None:
        """One alert; None when there is none of this id."""
        row = self._session.get(AlertRow, alert_id)
        return None if row is None else _alert(row)

    def recent(self, count: int) -> list[AlertSummary]:
        """The newest alerts, newest first."""
        rows = self._session.exec(select(AlertRow).order_by(col(AlertRow.at).desc()).limit(count))
        return [_alert(row) for row in rows]

    def open_count(self) -> int:
        """How many alerts nobody has acknowledged."""
        return len(
            self._session.exec(select(AlertRow.id).where(col(AlertRow.acknowledged_at).is_(None))).all()
        )

    def acknowledge(self, alert_id: str, by: str, at: datetime) -> bool:
        """Note who has taken it; False when somebody was first."""
        row = self._session.get(AlertRow, alert_id)
        if row is None or row.acknowledged_at is not None:
            return False
        row.acknowledged_by, row.acknowledged_at = by, at
        return True


def new_id(prefix: str) -> str:
    """An id that nobody can guess."""
    return f"{prefix}-{secrets.token_hex(5)}"


def _alert(row: AlertRow) -> AlertSummary:
    return AlertSummary(
        id=row.id,
        kind=row.kind,
        severity=row.severity,
        title=row.title,
        detail=row.detail,
        advice=row.advice,
        at=row.at,
        session_id=row.session_id,
        times=row.times,
        acknowledged_by=row.acknowledged_by,
        acknowledged_at=row.acknowledged_at,
    )


class HaltStore:
    """Halts inside the caller's transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def save(self, halt: HaltSummary) -> None:
        """Write the halt as it is known now."""
        row = self._session.get(HaltRow, halt.id)
        if row is None:
            row = HaltRow(
                id=halt.id,
                by=halt.by,
                reason=halt.reason,
                at=halt.at,
                latch_ms=halt.latch_ms,
                waiting_for=[],
                outcomes=[],
            )
            self._session.add(row)
        row.waiting_for = list(halt.waiting_for)
        row.outcomes = [_outcome_value(outcome) for outcome in halt.outcomes]

    def get(self, halt_id: str) -> HaltSummary | None:
        """One halt; None when there is none of this id."""
        row = self._session.get(HaltRow, halt_id)
        return None if row is None else _halt(row)

    def unfinished(self) -> list[HaltSummary]:
        """The halts that an account has not answered for yet, the oldest first."""
        waiting = select(HaltRow).where(col(HaltRow.waiting_for) != [])
        return [_halt(row) for row in self._session.exec(waiting.order_by(col(HaltRow.at)))]

    def last(self) -> HaltSummary | None:
        """The newest halt."""
        row = self._session.exec(select(HaltRow).order_by(col(HaltRow.at).desc()).limit(1)).first()
        return None if row is None else _halt(row)

    def recent(self, count: int) -> list[HaltSummary]:
        """The newest halts, newest first."""
        rows = self._session.exec(select(HaltRow).order_by(col(HaltRow.at).desc()).limit(count))
        return [_halt(row) for row in rows]


def _outcome_value(outcome: HaltOutcome) -> dict[str, Any]:
    return {
        "exchange": outcome.exchange,
        "steps": [[step.name, step.at_ms] for step in outcome.steps],
        "proven": outcome.proven,
        "open_orders": outcome.open_orders,
        "held": [[asset, amount] for asset, amount in outcome.held],
        "detail": outcome.detail,
        "proven_at": outcome.proven_at.isoformat() if outcome.proven_at else None,
        "foreign": outcome.foreign,
    }


def _halt(row: HaltRow) -> HaltSummary:
    return HaltSummary(
        id=row.id,
        by=row.by,
        reason=row.reason,
        at=row.at,
        latch_ms=row.latch_ms,
        waiting_for=tuple(row.waiting_for),
        outcomes=tuple(
            HaltOutcome(
                exchange=value["exchange"],
                steps=tuple(HaltStep(name, at_ms) for name, at_ms in value["steps"]),
                proven=value["proven"],
                open_orders=value["open_orders"],
                held=tuple((asset, Decimal(amount)) for asset, amount in value["held"]),
                detail=value["detail"],
                proven_at=datetime.fromisoformat(late) if (late := value.get("proven_at")) else None,
                foreign=value.get("foreign", 0),
            )
            for value in row.outcomes
        ),
    )


class ReportStore:
    """Health reports inside the caller's transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, report: HealthSummary, day: date | None) -> None:
        """Save a report; `day` is the one whose scheduled report it is."""
        body = {
            "asked_by": report.asked_by,
            "before_at": report.before_at.isoformat() if report.before_at else None,
            "currency": report.currency,
            "drill": [report.drilled_at.isoformat(), report.drill] if report.drilled_at else None,
            "money": {name: getattr(report, name) for name in _MONEY},
            "machine": [list(pair) for pair in report.machine],
            "checks": [[c.name, c.verdict, c.detail, c.advice, c.duration_ms] for c in report.checks],
            "sessions": [_session_value(session) for session in report.sessions],
        }
        turn = day.isoformat() if day else None
        self._session.add(ReportRow(id=report.id, day=turn, at=report.at, verdict=report.verdict, body=body))

    def get(self, report_id: str) -> HealthSummary | None:
        """One report without the points of its chart."""
        row = self._session.get(ReportRow, report_id)
        return None if row is None else _report(row)

    def before(self, at: datetime) -> HealthSummary | None:
        """The last scheduled report before a moment."""
        row = self._session.exec(
            select(ReportRow)
            .where(ReportRow.at < at, col(ReportRow.day).is_not(None))
            .order_by(col(ReportRow.at).desc())
            .limit(1)
        ).first()
        return None if row is None else _report(row)


_MONEY = ("equity", "daily_pnl", "realised", "unrealised", "fees", "exposure", "equity_before")
_SESSION_FIELDS = ("id", "stage", "strategy", "symbol", "timeframe", "state", "started_by", "currency")


def _session_value(session: SessionSummary) -> dict[str, Any]:
    value = {name: getattr(session, name) for name in _SESSION_FIELDS}
    return {**value, "notional_max": session.notional_max, "daily_pnl": session.daily_pnl}


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _sessions(values: Sequence[dict[str, Any]]) -> tuple[SessionSummary, ...]:
    return tuple(
        SessionSummary(
            **{name: value[name] for name in _SESSION_FIELDS},
            state_reason="",
            started_at=None,
            request_id=None,
            pid=None,
            notional_max=Decimal(value["notional_max"]),
            daily_pnl=_decimal(value["daily_pnl"]),
        )
        for value in values
    )


def _report(row: ReportRow) -> HealthSummary:
    body = row.body
    money = {name: _decimal(body["money"][name]) for name in _MONEY}
    before_at, drill = body.get("before_at"), body.get("drill")  # a report of an older version has none
    return HealthSummary(
        id=row.id,
        verdict=row.verdict,
        at=row.at,
        asked_by=body["asked_by"],
        checks=tuple(CheckLine(*values) for values in body["checks"]),
        sessions=_sessions(body["sessions"]),
        currency=body["currency"],
        machine=tuple((name, value) for name, value in body["machine"]),
        equity=money["equity"],
        daily_pnl=money["daily_pnl"],
        realised=money["realised"],
        unrealised=money["unrealised"],
        fees=money["fees"],
        exposure=money["exposure"],
        equity_before=money["equity_before"],
        before_at=datetime.fromisoformat(before_at) if before_at else None,
        drilled_at=datetime.fromisoformat(drill[0]) if drill else None,
        drill=drill[1] if drill else "",
    )
