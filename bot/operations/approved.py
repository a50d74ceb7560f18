"""Whether an approval stands behind a session that is about to get its process."""

import logging

from approvals.errors import ApprovalError
from approvals.request import ExecutionState, RequestId
from bot.operations.desk import plan_of
from bot.storage import Storage
from trading.session import Stage, TradingSession

log = logging.getLogger(__name__)


class Approved:
    """Asked by the supervisor: the row of a session is not signed, that of its request is."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def __call__(self, session: TradingSession) -> bool:
        """Whether its request was claimed for this very plan, and for no start before."""
        if session.plan.stage is not Stage.LIVE:
            return True
        try:
            with self._storage.reading() as tx:
                request = tx.requests.genuine(RequestId(session.request_id or ""))
                first = tx.sessions.of_request(request.id)
        except ApprovalError as error:
            log.critical("session %s is not started: %s", session.id, error)
            return False
        is_claimed = request.execution is ExecutionState.CLAIMED and request.action == "live.activate"
        is_its_own = first is not None and first.id == session.id
        return is_claimed and is_its_own and plan_of(request.payload) == session.plan
