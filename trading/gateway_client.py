"""The other end of the gateway's socket, for sessions and for the bot."""

import json
import threading
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from trading import errors
from trading.candles import Candle
from trading.codec import decode, encode
from trading.errors import TradingError
from trading.health import Check
from trading.instrument import Instrument
from trading.limits import Denial, LimitUse, RiskLimits
from trading.order import Intent
from trading.sockets import connected
from trading.wire import (
    LINE_BYTES_MAX,
    Beat,
    EquitySummary,
    GatewayStatus,
    HaltProof,
    Holding,
    OpenOrder,
    Outcome,
    Quote,
    Reply,
    Request,
    SessionBrief,
    StopProof,
)

T = TypeVar("T")


class GatewayGone(TradingError):
    """The gateway at {path} does not answer: {detail}. A bot that runs starts it again; see /peak status."""


class CallFailed(TradingError):
    """The gateway could not do this: {message}."""


class _Link:
    """One open connection; a reply belongs to the request before it."""

    def __init__(self, path: Path, timeout_s: float) -> None:
        self._path = path
        self._lock = threading.Lock()
        try:
            self._socket = connected(path, timeout_s)
        except OSError as error:
            raise GatewayGone(path=path.name, detail=str(error)) from error
        self._lines = self._socket.makefile("rb")

    def ask(self, request: Request) -> Any:
        with self._lock:
            try:
                self._socket.sendall(json.dumps(encode(request)).encode() + b"\n")
                line = self._lines.readline(LINE_BYTES_MAX)
            except OSError as error:
                raise GatewayGone(path=self._path.name, detail=str(error)) from error
        if not line.endswith(b"\n"):
            raise GatewayGone(path=self._path.name, detail="it hung up")
        reply = decode(Reply, json.loads(line))
        if reply.error is not None:
            raise _raised(reply)
        return reply.result

    def close(self) -> None:
        self._lines.close()
        self._socket.close()


class GatewayClient:
    """Calls to one account's gateway.

    A session attaches and keeps its connection: losing it tells the gateway that the session is gone. All
    others open one for each call, so a slow call never stands in the way of a halt. Every method raises
    `GatewayGone` when nobody answers within `timeout_s`.
    """

    def __init__(self, socket_path: Path, timeout_s: float = 10) -> None:
        self.socket_path = socket_path
        self._timeout_s = timeout_s
        self._held: _Link | None = None

    def attach(self, session_id: str) -> SessionBrief:
        """Become the process of this session."""
        self.close()
        self._held = _Link(self.socket_path, self._timeout_s)
        return self._ask(SessionBrief, "attach", session_id=session_id)

    def close(self) -> None:
        """Hang up, if attached."""
        if self._held is not None:
            self._held.close()
            self._held = None

    def heartbeat(self, session_id: str) -> Beat:
        """Say that the session is alive and hear what it is to do."""
        return self._ask(Beat, "heartbeat", session_id=session_id)

    def goodbye(self, session_id: str) -> None:
        """Say that the session ends on purpose."""
        self._ask(bool, "goodbye", session_id=session_id)

    def candles(self, symbol: str, timeframe: str, count: int) -> tuple[Candle, ...]:
        """The newest candles, oldest first; the last one is still open."""
        return self._ask(tuple[Candle, ...], "candles", symbol=symbol, timeframe=timeframe, count=count)

    def ticker(self, symbol: str) -> Quote:
        """Best prices now."""
        return self._ask(Quote, "ticker", symbol=symbol)

    def instrument(self, symbol: str) -> Instrument:
        """The market's steps and minimums."""
        return self._ask(Instrument, "instrument", symbol=symbol)

    def position(self, session_id: str) -> Holding:
        """What this session holds and still has on order."""
        return self._ask(Holding, "position", session_id=session_id)

    def submit(self, intent: Intent) -> Outcome:
        """Hand in an intent; the same client order id twice gives the first outcome again."""
        return self._ask(Outcome, "submit", intent=encode(intent))

    def report(self, session_id: str, kind: str, detail: str) -> None:
        """Tell the gateway of a fault in the session; it is paused."""
        self._ask(bool, "report", session_id=session_id, kind=kind, detail=detail)

    def ping(self) -> bool:
        """Whether the gateway lives; also tells it that the bot does."""
        return self._ask(bool, "ping")

    def status(self) -> GatewayStatus:
        """How the gateway stands."""
        return self._ask(GatewayStatus, "status")

    def check(self, intent: Intent) -> Denial | None:
        """What the limits say to this intent at current prices; nothing is sent."""
        return self._ask(Denial | None, "check", intent=encode(intent))  # type: ignore[arg-type]

    def limits_in_use(self) -> tuple[LimitUse, ...]:
        """Each limit and how much of it is used."""
        return self._ask(tuple[LimitUse, ...], "limits_in_use")

    def tighten(self, limits: RiskLimits, settings_digest: str) -> bool:
        """Have tighter limits count from the next order on; raises LimitLoosened for any that is wider."""
        return self._ask(bool, "tighten", limits=encode(limits), settings_digest=settings_digest)

    def orders(self) -> tuple[OpenOrder, ...]:
        """Every open order of the account, ours and foreign, as the venue lists them now."""
        return self._ask(tuple[OpenOrder, ...], "orders")

    def pause(self, session_id: str, reason: str) -> bool:
        """Let a session send nothing that opens until it is resumed; False when it was not running."""
        return self._ask(bool, "pause", session_id=session_id, reason=reason)

    def stop_session(self, session_id: str, reason: str) -> StopProof:
        """End a session and prove that none of its orders is left."""
        return self._ask(StopProof, "stop_session", session_id=session_id, reason=reason)

    def shut(self, reason: str, by: str, at: datetime, cause: str = "") -> bool:
        """Let no new order begin, and start the halt without waiting for its proof.

        The words are those of the latch: the gateway writes them if the caller could not.
        """
        return self._ask(bool, "shut", reason=reason, by=by, at=at, cause=cause)

    def halt(self, reason: str) -> HaltProof:
        """Shut the gate, cancel everything, and prove it."""
        return self._ask(HaltProof, "halt", reason=reason)

    def equity(self) -> EquitySummary:
        """The account's money."""
        return self._ask(EquitySummary, "equity")

    def checks(self, stage: str) -> tuple[Check, ...]:
        """What the gateway can say about readiness."""
        return self._ask(tuple[Check, ...], "checks", stage=stage)

    def _ask(self, returns: type[T], call: str, /, **arguments: Any) -> T:
        request = Request(call, arguments)
        if self._held is not None:
            return decode(returns, self._held.ask(request))
        link = _Link(self.socket_path, self._timeout_s)
        try:
            return decode(returns, link.ask(request))
        finally:
            link.close()


def _raised(reply: Reply) -> TradingError:
    """The gateway's error as one of ours, with its sentence."""
    known: Mapping[str, Any] = vars(errors)
    kind = known.get(reply.error or "")
    if isinstance(kind, type) and issubclass(kind, TradingError):
        error = kind.__new__(kind)
        Exception.__init__(error, reply.message)
        return error
    return CallFailed(message=reply.message)
