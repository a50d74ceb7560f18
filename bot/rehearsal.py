"""What is tried before a start: the checks of bot and gateway, and the orders that would be sent."""

from collections.abc import Callable

from bot.operations.look import Look
from bot.operations.previews import preview_line
from trading.health import HealthReport
from trading.preview import Preview
from trading.session import SessionPlan, Stage


class Rehearsal:
    """Readiness and preview, for the request and for whoever asks."""

    def __init__(self, look: Look, preview: Callable[[SessionPlan], Preview]) -> None:
        self._look = look
        self._preview = preview

    def readiness(self, stage: Stage) -> HealthReport:
        """Every check of a stage."""
        return self._look.report(stage)

    def preview(self, plan: SessionPlan) -> str:
        """The orders of a start in one line; raises PreviewFailed when the strategy broke."""
        return preview_line(self._preview(plan), plan)
