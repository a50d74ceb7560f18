"""Limits, orders, checks and previews, as lists."""

from collections.abc import Sequence

from slack_sdk.models.blocks import Block, HeaderBlock, MarkdownTextObject, SectionBlock

from bot.block_limits import joined, shortened
from bot.summaries import LimitUse
from bot.view import View
from bot.views.status import limit_line
from bot.views.wording import VERDICT_MARK, label, literal, merged, quantity, verdict
from trading.health import HealthReport
from trading.session import SessionPlan
from trading.wire import OpenOrder


def _list(title: str, lines: Sequence[str], nothing: str) -> View:
    texts = joined([line for line in lines if line] or [nothing])
    blocks: list[Block] = [HeaderBlock(text=label(title))]
    blocks.extend(SectionBlock(text=MarkdownTextObject(text=text)) for text in texts)
    return View(text=label(title), blocks=blocks)


def limits(used: Sequence[LimitUse]) -> View:
    """Each limit and its share in use."""
    return _list("Risk limits", [limit_line(use) for use in used], "No limit can be read.")


def orders(found: Sequence[OpenOrder]) -> View:
    """Every open order at the venue."""
    lines = [
        f"{'ours' if order.ours else '*foreign*'} {literal(order.symbol)} {order.side} "
        f"{quantity(order.quantity)} at {_price(order)}, "
        f"filled {quantity(order.filled_quantity)}, `{literal(order.venue_order_id)}`"
        for order in found
    ]
    count = f"{len(found)} open order{'' if len(found) == 1 else 's'}"
    return _list(f"{count} at the venue", lines, "The venue lists none.")


def _price(order: OpenOrder) -> str:
    if order.price is None:
        return "the market price"
    return f"{quantity(order.price)} {literal(order.symbol.split('/')[-1], 20)}"


def checks(title: str, report: HealthReport) -> View:
    """Each check, its finding, and what to do."""
    lines = []
    for names, check in merged(report.checks):
        advice = f" _{literal(check.advice)}_" if check.advice and check.verdict != "PASSED" else ""
        lines.append(
            shortened(
                f"{VERDICT_MARK[check.verdict]} {literal(names)}: {literal(check.detail, 250)}{advice}",
                400,
            )
        )
    return _list(f"{title}: {verdict(report.verdict, len(report.warned))}", lines, "No check was made.")


def preview(plan: SessionPlan, told: str) -> View:
    """What a start would do now."""
    return _list(
        f"Preview of {plan.strategy} on {plan.symbol}, sent nowhere", [literal(told, 2900)], "Nothing."
    )
