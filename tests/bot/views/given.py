"""One of everything that views draw, and the same with somebody's text in every field."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from bot.summaries import (
    AlertSummary,
    Allowed,
    CheckLine,
    Compared,
    HaltOutcome,
    HaltState,
    HaltStep,
    HaltSummary,
    HealthSummary,
    LimitUse,
    PendingApproval,
    RequestCard,
    SessionSummary,
    StatusSummary,
)

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SOON = NOON + timedelta(minutes=15)

CARD_URL = "https://desk.example/archives/C0APPROVALS/p1795360600000100"

SESSION = SessionSummary(
    id="live-1",
    stage="live",
    strategy="ma_crossover",
    symbol="BTC/USD",
    timeframe="1m",
    state="running",
    state_reason="",
    started_at=NOON,
    started_by="Otto",
    request_id="req-1",
    pid=4711,
    notional_max=Decimal(100),
    currency="USD",
    position=Decimal("0.0012"),
    daily_pnl=Decimal("1.5"),
    open_orders=1,
    fills=2,
    fees=Decimal("0.26"),
)
LIMIT = LimitUse("max_symbol_exposure", Decimal(500), Decimal("61.25"), "USD")
PENDING = PendingApproval(
    id="req-1",
    name="amber falcon",
    title="BTC/USD ma_crossover, at most 100 USD",
    requested_by="Otto",
    waits_for="waits for 1 more person and the role owner",
    expires_at=SOON,
    left_s=840,
    state="pending",
    card_url=CARD_URL,
)
STATUS = StatusSummary(
    halt=HaltState(False),
    sessions=(SESSION,),
    pending_approvals=(PENDING,),
    limits=(LIMIT,),
    gateways=(("kraken", "ready"),),
    practice=True,
    at=NOON,
    allowed=Allowed(start=True, stop=True, clear=True),
)
HALTED = HaltState(True, "price feed looks wrong", "Sam", NOON)
OUTCOME = HaltOutcome(
    exchange="kraken",
    steps=(HaltStep("gate shut", 4), HaltStep("cancel sent", 40), HaltStep("proof", 2_300)),
    proven=True,
    open_orders=0,
    held=(("BTC", Decimal("0.12")),),
)
HALT = HaltSummary("halt-1", "Sam", "price feed looks wrong", NOON, 3, (OUTCOME,))
ALERT = AlertSummary(
    id="alert-1",
    kind="order.denied",
    severity="medium",
    title="Order blocked: BTC/USD",
    detail="max_order_notional exceeded (500 > 100)",
    advice="Look at /peak risk.",
    at=NOON,
    session_id="live-1",
)
HEALTH = HealthSummary(
    id="report-1",
    verdict="PASSED",
    at=NOON,
    asked_by="Otto",
    checks=(
        CheckLine("halt", "PASSED", "not engaged", "", 1),
        CheckLine("disk", "WARNED", "12% free", "Free some room.", 2),
    ),
    sessions=(SESSION,),
    equity=Decimal("10010.50"),
    currency="USD",
    daily_pnl=Decimal("10.50"),
    realised=Decimal("12"),
    unrealised=Decimal("-1"),
    fees=Decimal("0.50"),
    exposure=Decimal("61.25"),
    machine=(("load", "0.10 on 2 cores"),),
    equity_before=Decimal(10000),
    before_at=NOON - timedelta(hours=3),
    points=((NOON, Decimal(10000)), (SOON, Decimal("10010.50"))),
)
REQUEST = RequestCard(
    id="req-1",
    name="amber falcon",
    action="live.activate",
    title="BTC/USD ma_crossover, at most 100 USD",
    state="pending",
    requested_by="Otto",
    reason="first small run",
    digest="4f2a" * 16,
    payload={
        "plan": {
            "exchange": "kraken",
            "strategy": "ma_crossover",
            "symbol": "BTC/USD",
            "timeframe": "1m",
            "notional_max": "100",
            "parameters": {"fast": "5", "slow": "20"},
        },
        "venue_url": "http://127.0.0.1:9001",
        "limits": {"currency": "USD", "max_order_notional": "500", "max_total_exposure": "1000"},
    },
    evidence={"readiness": "PASSED, 12 checks", "preview": "buy 0.001 BTC at about 64,000.00 USD"},
    yes=(("Otto", NOON),),
    no=(),
    missing="1 more person and the role owner",
    created_at=NOON,
    expires_at=SOON,
    decided_at=None,
    grant_expires_at=None,
    execution="none",
    outcome="",
    could=("Olivia",),
    compared=Compared(
        "misty otter",
        NOON - timedelta(days=4),
        (("plan.notional_max", "60", "100"), ("plan.parameters.fast", "5", "10"), ("roster", "1f", "2e")),
    ),
)
APPROVED = replace(
    REQUEST,
    state="approved",
    yes=(("Otto", NOON), ("Olivia", SOON)),
    decided_at=SOON,
    grant_expires_at=SOON + timedelta(minutes=10),
    missing="nobody",
)

# Words that only the program writes, and figures.
OURS = {
    "id",
    "state",
    "stage",
    "verdict",
    "severity",
    "execution",
    "action",
    "quantity",
    "price",
    "fee",
    "card_url",
}


def filled(value: Any, text: str, name: str = "") -> Any:
    """The same with this text wherever a person, a venue or a file may have put words."""
    if isinstance(value, str):
        return value if isinstance(value, StrEnum) or name in OURS else text
    if is_dataclass(value) and not isinstance(value, type):
        own = {field.name: getattr(value, field.name) for field in fields(value)}
        return replace(value, **{key: filled(item, text, key) for key, item in own.items()})
    if isinstance(value, Mapping):
        return {key: filled(item, text, key) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(filled(item, text, name) for item in value)
    return value
