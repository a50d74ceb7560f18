"""Payloads as Slack sends them, for the tests of the way in."""

import hmac
import json
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

TEAM, OTTO, OLIVIA, STRANGER = "T0PEAK000", "U0OTTO000", "U0OLIVIA0", "U0NOBODY0"
SECRET = "a-signing-secret-for-tests"


def command(text: str = "status", *, trigger: str = "1.2.abc", user: str = OTTO, name: str = "/peak") -> Any:
    """A slash command's fields."""
    return {
        "token": "legacy-token",
        "team_id": TEAM,
        "channel_id": "C0OPS0000",
        "user_id": user,
        "command": name,
        "text": text,
        "response_url": "http://127.0.0.1:1/response/one",
        "trigger_id": trigger,
    }


def click(
    action_id: str = "approve", *, value: str = "r1", user: str = OTTO, at: str = "1795360684.1"
) -> Any:
    """A press of a button on a card."""
    return {
        **_interaction("block_actions", user),
        "container": {"type": "message", "message_ts": "1795360600.000100", "channel_id": "C0OPS0000"},
        "channel": {"id": "C0OPS0000", "name": "trading-ops"},
        "message": {"ts": "1795360600.000100", "blocks": []},
        "response_url": "http://127.0.0.1:1/response/two",
        "actions": [
            {"type": "button", "action_id": action_id, "block_id": "b", "value": value, "action_ts": at}
        ],
    }


def submission(
    values: Any = None,
    *,
    view_hash: str = "1.h",
    trigger: str = "5.6.def",
    user: str = OTTO,
    callback_id: str = "live.form",
    metadata: str = "",
) -> Any:
    """A form, sent."""
    view = {
        "id": "V0000001",
        "hash": view_hash,
        "type": "modal",
        "callback_id": callback_id,
        "private_metadata": metadata,
        "blocks": [{"type": "input", "block_id": "notional", "element": {"action_id": "notional"}}],
        "state": {"values": values or {"notional": {"notional": {"type": "plain_text_input", "value": "1"}}}},
    }
    return {**_interaction("view_submission", user, trigger), "view": view}


def home_opened(*, event_id: str = "Ev00000001", user: str = OTTO) -> Any:
    """The event of somebody looking at the Home tab."""
    return {
        "token": "legacy-token",
        "team_id": TEAM,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": 1795360684,
        "event": {"type": "app_home_opened", "user": user, "tab": "home", "channel": "D0OTTO000"},
    }


def written(text: str = "halt everything please", *, event_id: str = "Ev00000002", **changes: Any) -> Any:
    """The event of somebody who writes to the bot; `changes` are to the event itself."""
    event = {
        "type": "message",
        "channel_type": "im",
        "channel": "D0OTTO000",
        "user": OTTO,
        "ts": "1795360684.1",
    }
    blocks = [{"type": "rich_text", "elements": [{"type": "text", "text": text}]}]
    payload = home_opened(event_id=event_id)
    return {**payload, "event": {**event, "text": text, "blocks": blocks, **changes}}


def _interaction(kind: str, user: str, trigger: str = "3.4.cde") -> dict[str, Any]:
    return {
        "type": kind,
        "token": "legacy-token",
        "user": {"id": user, "team_id": TEAM, "name": "otto"},
        "team": {"id": TEAM, "domain": "peak"},
        "trigger_id": trigger,
    }


def form(fields: dict[str, str]) -> bytes:
    """Fields as Slack puts a command on the wire."""
    return urlencode(fields).encode()


def interaction_form(payload: Any) -> bytes:
    """A payload as Slack puts an interaction on the wire."""
    return urlencode({"payload": json.dumps(payload)}).encode()


def signed(body: bytes, now: datetime, *, secret: str = SECRET, json_body: bool = False) -> dict[str, str]:
    """The headers that make a body Slack's."""
    timestamp = str(int(now.timestamp()))
    signature = hmac.digest(secret.encode(), f"v0:{timestamp}:".encode() + body, "sha256").hex()
    return {
        "content-type": "application/json" if json_body else "application/x-www-form-urlencoded",
        "x-slack-request-timestamp": timestamp,
        "x-slack-signature": f"v0={signature}",
    }
