"""A Socket Mode link without a library's habits: it acknowledges only what it is told to."""

import json
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import httpx
from slack_sdk import WebClient
from websockets.sync.client import ClientConnection, connect

from bot.practice.people import OTTO, TRADING_OPS
from bot.practice.server import APP_TOKEN, Workspace


class RawLink:
    """One link to a workspace; ``hello`` is what it was greeted with."""

    def __init__(self, client: WebClient) -> None:
        self.url = str(client.apps_connections_open(app_token=APP_TOKEN)["url"])
        self.socket: ClientConnection = connect(self.url, proxy=None, legacy=True)
        self.hello = self.receive()

    def receive(self, timeout_s: float = 10) -> dict[str, Any]:
        """Give the next frame."""
        frame: dict[str, Any] = json.loads(self.socket.recv(timeout_s))
        return frame

    def is_quiet(self) -> bool:
        """Whether nothing has arrived that was not received."""
        with suppress(TimeoutError):
            self.socket.recv(0)
            return False
        return True

    def acknowledge(self, envelope: dict[str, Any], payload: object = None) -> None:
        """Acknowledge one envelope."""
        answer = {"envelope_id": envelope["envelope_id"]}
        self.socket.send(json.dumps(answer if payload is None else {**answer, "payload": payload}))

    def drop(self) -> None:
        """Break the connection without a close frame."""
        self.socket.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()


class Typist:
    """People acting in the background, as an act waits for its acknowledgement."""

    def __init__(self, workspace: Workspace) -> None:
        self._http = httpx.Client(base_url=workspace.url, timeout=30)
        self._pool = ThreadPoolExecutor(4)

    def does(self, act: str, **body: object) -> "Future[dict[str, Any]]":
        """Start an act of Otto's; gives the reply once there is one."""
        return self._pool.submit(lambda: self._http.post(f"/desk/{act}", json={"as": OTTO.id, **body}).json())

    def says(self, text: str) -> "Future[dict[str, Any]]":
        """Start typing a line in #trading-ops."""
        return self.does("say", channel=TRADING_OPS.id, text=text)

    def state(self) -> dict[str, Any]:
        """What Otto sees."""
        state: dict[str, Any] = self._http.get("/desk/state", params={"as": OTTO.id}).json()
        return state

    def close(self) -> None:
        """End."""
        self._pool.shutdown()
        self._http.close()
