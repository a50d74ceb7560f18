"""A session's own process: a strategy and a socket, no key, no database."""

import json
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from types import FrameType
from uuid import uuid4

from trading.candles import Timeframe, closed, is_stale
from trading.engine import Decision, Engine
from trading.errors import NotThisProcess, TradingError
from trading.gateway_client import GatewayClient, GatewayGone
from trading.order import Intent, Side
from trading.strategy import load
from trading.wire import Beat, Run, SessionBrief

HEARTBEAT_S = 1.0
GATEWAY_GONE_S = 30.0
_CANDLES_SPARE = 3


@dataclass(frozen=True, slots=True)
class SessionTask:
    """What the forkserver hands to a new session's process."""

    session_id: str
    gateway_socket: str


class SessionProcess:
    """Beats once a second and acts once on each closed bar, until it is told to stop."""

    def __init__(self, client: GatewayClient, session_id: str) -> None:
        self._client = client
        self._session_id = session_id
        self._stopped = False
        self._wake: SimpleQueue[None] = SimpleQueue()
        self._engine: Engine | None = None
        self._brief: SessionBrief | None = None
        self._next_bar_at: datetime | None = None
        self._connected_at = time.monotonic()

    def stop(self, *_: int | FrameType | None) -> None:
        """End after the present step; also the handler of SIGTERM, which may interrupt any line of `run`."""
        self._stopped = True
        self._wake.put(None)

    def run(self) -> int:
        """Trade until told to stop (0), or until the gateway could not be reached again for too long (1)."""
        attached = False
        while not self._stopped:
            try:
                if not attached:
                    self._attach()
                    attached = True
                attached = False
                beat = self._client.heartbeat(self._session_id)
                attached = True
                self._connected_at = time.monotonic()
                if beat.run is Run.STOP:
                    break
                if beat.run in (Run.RUN, Run.REDUCE):
                    self._step(beat)
            except GatewayGone as error:
                if attached:  # a call that took too long, or the end of a connection: it was there until now
                    self._connected_at = time.monotonic()
                attached = False
                if time.monotonic() - self._connected_at > GATEWAY_GONE_S:
                    say("gateway gone", session=self._session_id, detail=str(error))
                    return 1
            except NotThisProcess as error:
                say("not taken", session=self._session_id, detail=str(error))
                return 1
            except TradingError as error:
                say("step refused", session=self._session_id, detail=str(error))
            with suppress(Empty):
                self._wake.get(timeout=HEARTBEAT_S)
        self._say_goodbye()
        say("Shutdown complete", session=self._session_id)
        return 0

    def _attach(self) -> None:
        self._brief = self._client.attach(self._session_id)

    def _say_goodbye(self) -> None:
        try:
            self._client.goodbye(self._session_id)
        except TradingError as error:
            say("goodbye not heard", session=self._session_id, detail=str(error))
        self._client.close()

    def _step(self, beat: Beat) -> None:
        """Look for a bar that closed since the last one, and act on it once."""
        brief = self._brief
        if brief is None or (self._next_bar_at is not None and beat.now < self._next_bar_at):
            return
        timeframe = Timeframe.parse(brief.plan.timeframe)
        try:
            engine = self._engine = self._engine or _engine(brief)
        except Exception as error:
            self._next_bar_at = beat.now + timeframe.duration
            self._report(error)
            return
        engine.notional_max = brief.plan.notional_max * beat.share
        count = engine.strategy.lookback + _CANDLES_SPARE
        candles = closed(
            self._client.candles(brief.plan.symbol, brief.plan.timeframe, count), timeframe, beat.now
        )
        if not candles or is_stale(candles[-1], timeframe, beat.now):
            return
        holding = self._client.position(self._session_id)
        if holding.pending:
            return  # an order is still on its way; the bar waits for it
        quote = self._client.ticker(brief.plan.symbol)
        self._next_bar_at = candles[-1].opened_at + 2 * timeframe.duration
        try:
            decision = engine.tick(candles, holding.quantity, quote.bid, quote.ask, holding.cost)
        except Exception as error:
            self._report(error)
            return
        self._act(brief, decision, beat.run)

    def _report(self, error: Exception) -> None:
        """The strategy broke: the gateway pauses this session, and only this one."""
        self._client.report(self._session_id, "strategy", f"{type(error).__name__}: {error}")

    def _act(self, brief: SessionBrief, decision: Decision, run: Run) -> None:
        """Send what was decided; paused, only the way out: a session holds nothing short, so it is a sell."""
        if decision.side is None or (run is Run.REDUCE and decision.side is not Side.SELL):
            return
        intent = Intent(
            client_order_id=str(uuid4()),
            session_id=self._session_id,
            symbol=brief.plan.symbol,
            side=decision.side,
            quantity=decision.quantity,
        )
        outcome = self._client.submit(intent)
        say("intent", session=self._session_id, order=intent.client_order_id, state=outcome.state)


def _engine(brief: SessionBrief) -> Engine:
    plan = brief.plan
    strategy = load(plan.strategy, plan.class_path, plan.parameters, plan.source_digest)
    timeframe = Timeframe.parse(plan.timeframe)
    return Engine(strategy, brief.instrument, plan.notional_max, timeframe=timeframe)


def run_session(task: SessionTask) -> int:
    """Be the process of one session; gives its exit code."""
    process = SessionProcess(
        GatewayClient(Path(task.gateway_socket), timeout_s=GATEWAY_GONE_S), task.session_id
    )
    signal.signal(signal.SIGTERM, process.stop)
    signal.signal(signal.SIGINT, process.stop)
    return process.run()


def say(event: str, **facts: str) -> None:
    """Write one line of JSON to this process's own log."""
    sys.stderr.write(json.dumps({"event": event, **facts}, default=str) + "\n")
    sys.stderr.flush()
