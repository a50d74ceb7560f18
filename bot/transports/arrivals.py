"""A client must send its whole request in time; those that do not are shown out, the oldest first."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES_MAX = 64 * 1024


class Arrivals:
    """The connections whose request has not arrived whole yet: so many at most, each for so long at most."""

    def __init__(self, count_max: int, within_s: float) -> None:
        self._count_max = count_max
        self._within_s = within_s
        self._waiting: dict[Patient, asyncio.TimerHandle] = {}

    def protocol(self, *args: Any, **kwargs: Any) -> "Patient":
        """Make what serves one connection; uvicorn calls it as it would call its own."""
        return Patient(self, *args, **kwargs)

    def awaits(self, connection: "Patient") -> None:
        """More has to come; where too many wait, whoever waits longest has to go."""
        if connection in self._waiting:
            return
        while len(self._waiting) >= self._count_max:
            self._show_out(next(iter(self._waiting)))
        loop = asyncio.get_running_loop()
        self._waiting[connection] = loop.call_later(self._within_s, self._show_out, connection)

    def done(self, connection: "Patient") -> None:
        """The request is here, or the client is gone."""
        if timer := self._waiting.pop(connection, None):
            timer.cancel()

    def _show_out(self, connection: "Patient") -> None:
        self.done(connection)
        connection.transport.abort()


class Patient(HttpToolsProtocol):
    """uvicorn's own protocol, which by itself waits for ever, and reads a head of any length."""

    def __init__(self, arrivals: Arrivals, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._arrivals = arrivals
        self._in_head = False
        self._head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody knocks."""
        super().connection_made(transport)
        self._arrivals.awaits(self)

    def data_received(self, data: bytes) -> None:
        """Part of a request, or all of it."""
        super().data_received(data)
        self._head_bytes = self._head_bytes + len(data) if self._in_head else 0
        if self._head_bytes > HEAD_BYTES_MAX:
            self.transport.abort()
        elif self.cycle is None or self.cycle.more_body or self.cycle.response_complete:
            if not self.transport.is_closing():
                self._arrivals.awaits(self)
        else:
            self._arrivals.done(self)

    def on_message_begin(self) -> None:
        """A head has begun."""
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is here; a body is measured by whoever reads it."""
        self._in_head = False
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has hung up, or was shown out."""
        self._arrivals.done(self)
        super().connection_lost(exc)
