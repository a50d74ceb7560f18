"""What goes over the gateway's socket comes out as it went in, or not at all."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.trading.given import a_plan, an_intent, bitcoin
from trading.codec import Unreadable, decode, encode
from trading.limits import Denial
from trading.order import Intent, Side
from trading.wire import Beat, HaltProof, Run, SessionBrief

PROOF = HaltProof(True, (("latch", 0), ("proof", 12)), 0, {"BTC": Decimal("0.12")})


@pytest.mark.parametrize(
    "value",
    [
        PROOF,
        SessionBrief(a_plan(), bitcoin()),
        an_intent(Side.BUY, "0.1", limit_price="64000.10"),
        Beat(datetime(2026, 11, 20, 12, tzinfo=UTC), Run.PAUSE),
        Denial("max_order_notional", None, None, "no price"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_survives_the_way(value: object) -> None:
    """Decimals keep every digit, times their zone, enums their meaning."""
    assert decode(type(value), json.loads(json.dumps(encode(value)))) == value


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("quantity", 0.1),
        ("quantity", "one"),
        ("side", "hold"),
        ("symbol", None),
        ("session_id", 7),
        ("unheard_of", "x"),
    ],
)
def test_what_is_not_of_its_type_is_refused(field: str, value: object) -> None:
    """A float is no amount, a word no side, and a field nobody knows is not passed over."""
    message = {**encode(an_intent(Side.BUY, "0.1")), field: value}
    with pytest.raises(Unreadable):
        decode(Intent, message)


def test_a_field_that_is_missing_is_refused() -> None:
    """Half a message is no message."""
    message = encode(an_intent(Side.BUY, "0.1"))
    del message["quantity"]
    with pytest.raises(Unreadable):
        decode(Intent, message)


def test_text_in_the_place_of_a_message_is_refused() -> None:
    """Also where it stands within another one."""
    with pytest.raises(Unreadable):
        decode(SessionBrief, {"plan": "?", "instrument": encode(bitcoin())})
