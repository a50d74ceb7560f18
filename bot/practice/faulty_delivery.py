"""A way to the app on which things come twice, late, or not at first, when a fault says so."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from bot.practice.delivery import Delivery, EnvelopeType, Outcome, Reply, Retry
from bot.practice.faults import DELIVERIES, FaultKind, Faults

TIMED_OUT = Reply(Outcome.TIMED_OUT, reason="http_timeout")


class FaultyDelivery:
    """Stands before the real way; without a fault it is not there."""

    def __init__(self, way: Delivery, faults: Faults, ack_s: float, *, sends_again: bool) -> None:
        self._way = way
        self._faults = faults
        self._ack_s = ack_s
        self._sends_again = sends_again
        self._tasks: set[asyncio.Task[Any]] = set()

    async def deliver(self, kind: EnvelopeType, payload: dict[str, Any], retry: Retry | None = None) -> Reply:
        """Bring one thing to the app as the faults in force will have it."""
        met = self._faults.take(DELIVERIES)
        if FaultKind.LOST_FIRST_DELIVERY in met:
            await asyncio.sleep(self._ack_s)
            # An event is tried again by whoever sends it, and over HTTP nothing else is.
            if self._sends_again and kind is not EnvelopeType.EVENT:
                self._start(self._way.deliver(kind, payload, Retry(1, "timeout")))
            return TIMED_OUT
        if FaultKind.LATE_DELIVERY in met:
            late = self._start(self._late(float(met[FaultKind.LATE_DELIVERY]), kind, payload, retry))
            try:
                return await asyncio.wait_for(asyncio.shield(late), self._ack_s)
            except TimeoutError:
                return TIMED_OUT
        reply = self._start(self._way.deliver(kind, payload, retry))
        if FaultKind.DUPLICATE_DELIVERY in met:
            self._start(self._way.deliver(kind, payload, retry))
        return await reply

    async def close(self) -> None:
        """Give up what is on its way, and let go of the connections."""
        for task in self._tasks:
            task.cancel()
        await self._way.close()

    async def _late(
        self, after_s: float, kind: EnvelopeType, payload: dict[str, Any], retry: Retry | None
    ) -> Reply:
        await asyncio.sleep(after_s)
        return await self._way.deliver(kind, payload, retry)

    def _start(self, work: Coroutine[Any, Any, Reply]) -> asyncio.Task[Reply]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
