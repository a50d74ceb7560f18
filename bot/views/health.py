"""The daily health report: verdict first, then what changed, then the chart."""

from collections.abc import Sequence

from slack_sdk.models.blocks import (
    Block,
    ContextBlock,
    DividerBlock,
    HeaderBlock,
    MarkdownTextObject,
    SectionBlock,
)

from bot.block_limits import joined, shortened
from bot.summaries import HealthSummary
from bot.view import View
from bot.views.sessions import state_mark
from bot.views.wording import VERDICT_MARK, day_and_time, label, literal, merged, money, span, verdict


def health_report(health: HealthSummary) -> View:
    """The whole report without its chart, which the outbox adds as an image."""
    warnings = sum(check.verdict == "WARNED" for check in health.checks)
    headline = f"Health check {verdict(health.verdict, warnings)}"
    mark = VERDICT_MARK["WARNED" if health.verdict == "PASSED" and warnings else health.verdict]
    blocks: list[Block] = [
        HeaderBlock(text=f"{mark} {headline}"),
        SectionBlock(text=MarkdownTextObject(text=_money_lines(health))),
        DividerBlock(),
        *_sections(_checks(health)),
    ]
    if health.sessions:
        lines = [
            f"{state_mark(item)} {literal(item.symbol)} {literal(item.strategy)} "
            f"{item.stage} {item.state}, "
            f"{money(item.daily_pnl, item.currency, signed=True)}"
            for item in health.sessions
        ]
        blocks.extend(_sections(["*Sessions*", *lines]))
    machine = " · ".join(f"{literal(name)} {literal(value)}" for name, value in health.machine)
    blocks.append(ContextBlock(elements=[MarkdownTextObject(text=shortened(f"Machine: {machine}", 1900))]))
    blocks.append(
        ContextBlock(
            elements=[
                MarkdownTextObject(
                    text=f"{_drill(health)}\n{day_and_time(health.at)} · asked by {literal(health.asked_by)}"
                )
            ]
        )
    )
    return View(text=label(f"{headline}: {_in_short(health)}", 600), blocks=blocks)


def _drill(health: HealthSummary) -> str:
    """How long ago people have last shown that they answer."""
    if health.drilled_at is None:
        return "No approval was ever drilled: `/peak drill approval`"
    return f"Last approval drill {span(health.at - health.drilled_at)} ago: {literal(health.drill)}"


def _in_short(health: HealthSummary) -> str:
    named = {
        word: [check.name for check in health.checks if check.verdict == kind]
        for word, kind in (("failed", "FAILED"), ("warned", "WARNED"))
    }
    told = [f"{word}: {', '.join(names)}" for word, names in named.items() if names]
    return f"{len(health.checks)} checks, {'; '.join(told) or 'none failed'}"


def _money_lines(health: HealthSummary) -> str:
    change = (
        None
        if health.equity is None or health.equity_before is None
        else health.equity - health.equity_before
    )
    since = (
        f" ({money(change, health.currency, signed=True)} since {day_and_time(health.before_at)})"
        if change is not None and health.before_at is not None
        else ""
    )
    return "\n".join(
        [
            f"*Equity* {money(health.equity, health.currency)}{since}",
            f"*PnL today* {money(health.daily_pnl, health.currency, signed=True)}",
            f"*All sessions so far* realised {money(health.realised, health.currency, signed=True)}, "
            f"unrealised {money(health.unrealised, health.currency, signed=True)}, fees "
            f"{money(health.fees, health.currency)}",
            f"*Exposure* {money(health.exposure, health.currency)}",
        ]
    )


def _sections(lines: Sequence[str]) -> list[SectionBlock]:
    return [SectionBlock(text=MarkdownTextObject(text=text)) for text in joined(lines)]


def _checks(health: HealthSummary) -> list[str]:
    lines = []
    for names, check in merged(health.checks):
        line = f"{VERDICT_MARK[check.verdict]} {literal(names)}: {literal(check.detail, 250)}"
        if check.verdict != "PASSED" and check.advice:
            line += f" _{literal(check.advice)}_"
        lines.append(shortened(line, 400))
    return lines


def chart_description(health: HealthSummary) -> str:
    """What the equity chart shows, for people who cannot see it."""
    if not health.points:
        return "Equity chart: no marks yet."
    values = [value for _, value in health.points]
    return (
        f"Equity in {health.currency} from {health.points[0][0]:%Y-%m-%d %H:%M} to "
        f"{health.points[-1][0]:%Y-%m-%d %H:%M} "
        f"UTC: first {values[0]:.2f}, lowest {min(values):.2f}, highest {max(values):.2f}, last "
        f"{values[-1]:.2f}."
    )
