"""A small app for the workspace: one card, one form, one home, each with what the page must draw."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from slack_bolt import Ack, App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

from bot.practice.server import APP_TOKEN, BOT_TOKEN

APPROVALS = "C0APPROVAL"
CONFIRM = {
    "title": {"type": "plain_text", "text": "Approve this?"},
    "text": {"type": "mrkdwn", "text": "Real orders *follow*."},
    "confirm": {"type": "plain_text", "text": "Yes, approve"},
    "deny": {"type": "plain_text", "text": "Not yet"},
}


def plain(text: str) -> dict[str, str]:
    """A plain_text object."""
    return {"type": "plain_text", "text": text}


def card(state: str, *, open_: bool) -> list[dict[str, Any]]:
    """The blocks of the request card, with its button while it is open."""
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": plain("Otto asks to go live")},
        {
            "type": "section",
            "text": {"type": "mrkdwn", "text": state},
            "accessory": {
                "type": "overflow",
                "action_id": "more",
                "options": [choice("preview"), choice("digest")],
            },
        },
    ]
    if open_:
        approve = {
            "type": "button",
            "action_id": "approve",
            "style": "primary",
            "text": plain("Approve"),
            "confirm": CONFIRM,
        }
        blocks.append({"type": "actions", "block_id": "decide", "elements": [approve]})
    return blocks


def choice(name: str) -> dict[str, Any]:
    """An option whose value is its name."""
    return {"text": plain(name), "value": name}


FORM: dict[str, Any] = {
    "type": "modal",
    "callback_id": "ask",
    "title": plain("Ask to go live"),
    "submit": plain("Ask"),
    "close": plain("Cancel"),
    "blocks": [
        {
            "type": "section",
            "text": {"type": "mrkdwn", "text": "The other person sees *exactly this*."},
            "accessory": {"type": "button", "action_id": "explain", "text": plain("Explain")},
        },
        {
            "type": "input",
            "block_id": "strategy",
            "label": plain("Strategy"),
            "element": {
                "type": "static_select",
                "action_id": "value",
                "options": [choice("ma_crossover"), choice("momentum")],
            },
        },
        {
            "type": "input",
            "block_id": "notional",
            "label": plain("Notional in USD"),
            "element": {"type": "number_input", "is_decimal_allowed": True, "action_id": "value"},
        },
        {
            "type": "input",
            "block_id": "ready",
            "label": plain("Prerequisites"),
            "optional": True,
            "element": {
                "type": "checkboxes",
                "action_id": "value",
                "options": [choice("limits reviewed"), choice("kill switch tried")],
            },
        },
        {
            "type": "input",
            "block_id": "reason",
            "label": plain("Reason"),
            "element": {"type": "plain_text_input", "multiline": True, "action_id": "value"},
        },
    ],
}
EXPLANATION: dict[str, Any] = {
    "type": "modal",
    "title": plain("What is asked"),
    "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "Two persons say yes."}}],
}
HOME: dict[str, Any] = {
    "type": "home",
    "blocks": [
        {
            "type": "section",
            "block_id": "state",
            "text": {"type": "mrkdwn", "text": "The desk is *calm*."},
            "accessory": {"type": "button", "action_id": "greet", "text": plain("Greet")},
        }
    ],
}


def _on_peak(ack: Ack, command: dict[str, str], client: WebClient) -> None:
    word = command["text"].partition(" ")[0]
    if word == "card":
        ack()
        client.chat_postMessage(
            channel=APPROVALS, text="Otto asks", blocks=card("Waiting for an Owner", open_=True)
        )
    elif word == "form":
        ack()
        client.views_open(trigger_id=command["trigger_id"], view=FORM)
    else:
        ack(f"{command['user_name']} asked for `{command['text'] or 'the panel'}`")


def _on_approve(ack: Ack, body: dict[str, Any], client: WebClient) -> None:
    ack()
    client.chat_update(
        channel=body["container"]["channel_id"],
        ts=body["container"]["message_ts"],
        text="Approved",
        blocks=card(f"Approved by <@{body['user']['id']}>", open_=False),
    )


def _on_more(ack: Ack, action: dict[str, Any], body: dict[str, Any], client: WebClient) -> None:
    ack()
    client.chat_postEphemeral(
        channel=body["container"]["channel_id"],
        user=body["user"]["id"],
        text=f"Here is the {action['selected_option']['value']}.",
    )


def _on_explain(ack: Ack, body: dict[str, str], client: WebClient) -> None:
    ack()
    client.views_push(trigger_id=body["trigger_id"], view=EXPLANATION)


def _on_ask(ack: Ack, body: dict[str, Any], view: dict[str, Any], client: WebClient) -> None:
    values = view["state"]["values"]
    notional = values["notional"]["value"]["value"]
    if float(notional) > 1000:
        ack(response_action="errors", errors={"notional": f"{notional} is more than 1000."})
        return
    ack()
    ready = [option["value"] for option in values["ready"]["value"]["selected_options"]]
    strategy = values["strategy"]["value"]["selected_option"]["value"]
    reason = values["reason"]["value"]["value"]
    client.chat_postMessage(
        channel=APPROVALS,
        text=f"<@{body['user']['id']}> asks: {strategy}, {notional} USD, {' and '.join(ready)}: {reason}",
    )


def _on_home(event: dict[str, str], client: WebClient) -> None:
    client.views_publish(user_id=event["user"], view=HOME)


def _on_greet(ack: Ack, body: dict[str, Any], client: WebClient) -> None:
    ack()
    greeted = {
        **HOME,
        "blocks": [
            {
                "type": "section",
                "text": {"type": "mrkdwn", "text": f"Good morning, <@{body['user']['id']}>."},
            }
        ],
    }
    client.views_publish(user_id=body["user"]["id"], view=greeted)


@contextmanager
def running(api_url: str) -> Iterator[WebClient]:
    """Keep the app at work over Socket Mode while the block runs; gives its client."""
    client = WebClient(token=BOT_TOKEN, base_url=api_url)
    app = App(client=client)
    app.command("/peak")(_on_peak)
    app.action("approve")(_on_approve)
    app.action("more")(_on_more)
    app.action("explain")(_on_explain)
    app.action("greet")(_on_greet)
    app.view("ask")(_on_ask)
    app.event("app_home_opened")(_on_home)
    handler = SocketModeHandler(app, APP_TOKEN)
    handler.connect()
    try:
        yield client
    finally:
        # The SDK's client needs seconds to close its threads, and no test has to wait for that.
        threading.Thread(target=handler.close, daemon=True).start()
