"""Everything goes wrong in the moment in which somebody halts."""

import pytest

from tests import trouble
from tests.scenarios.desk import Desk, until


@pytest.mark.parametrize("commands", [50, pytest.param(500, marks=pytest.mark.prove)])
def test_a_halt_passes_by_everything_that_is_in_its_way(desk: Desk, commands: int) -> None:
    """A locked database, a full disk, a Slack that takes no call, a flood: the order stays the same."""
    session = desk.has_live_session()
    sent = len(desk.orders_sent())
    for person in (desk.otto, desk.rita):
        for told in (
            "/peak status",
            "operation_timeout",
        ):  # the flood: answered, or told that it was not taken
            person.may_be_told(told)

    assert desk.bot is not None
    with trouble.everything(desk.home, desk.bot.pid, desk.practice.workspace_url, commands):
        desk.sam.says("/peak-kill price feed looks wrong").is_told("1 of 1 gates confirmed")
        until(lambda: "CancelAll" in called(desk), "The exchange was told to cancel nothing")

    desk.control("market", pair="BTC/USD", trend="down")
    card = desk.channel("trading-ops").expects("Sam halted everything: price feed looks wrong")
    card.now_reads("0 orders, proven by the venue")
    session.now_reads("Why price feed looks wrong", buttons=[])
    desk.olivia.is_told("Sam halted everything")
    assert len(desk.orders_sent()) == sent
    desk.kill_bot()  # the flood is answered one by one, at the pace that Slack allows


def called(desk: Desk) -> list[str]:
    """What the exchange was asked for, in order of arrival."""
    calls = desk.exchange.get("/practice/orders").raise_for_status().json()["calls"]
    return [call["endpoint"] for call in calls]
