"""A small app in unmodified Bolt, with one listener for each thing a workspace must carry."""

from typing import Any

from slack_bolt import Ack, App, Respond
from slack_sdk import WebClient

from bot.practice.people import OLIVIA, TRADING_APPROVALS, TRADING_OPS, TRADING_REPORTS
from bot.practice.server import BOT_TOKEN

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d4944415478da63fcffff3f030005fe02fea72d99630000000049454e44ae426082"
)


def text_of(words: str) -> dict[str, str]:
    """A plain text object."""
    return {"type": "plain_text", "text": words}


def section(words: str) -> dict[str, Any]:
    """A section of mrkdwn."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": words}}


def actions(*labels: str) -> dict[str, Any]:
    """A row of buttons whose action ids are their labels in small letters."""
    buttons = [{"type": "button", "text": text_of(label), "action_id": label.lower()} for label in labels]
    return {"type": "actions", "elements": buttons}


def options(*words: str) -> list[dict[str, Any]]:
    """Options whose values are their texts in small letters."""
    return [{"text": text_of(word), "value": word.lower()} for word in words]


def field(label: str, element: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An input block named after its action id."""
    block_id = f"{element['action_id']}.block"
    return {"type": "input", "block_id": block_id, "label": text_of(label), "element": element, **more}


def modal(
    callback_id: str, title: str, *blocks: dict[str, Any], submit: str | None = "Send"
) -> dict[str, Any]:
    """A modal."""
    view = {"type": "modal", "callback_id": callback_id, "title": text_of(title), "blocks": list(blocks)}
    return view | ({"submit": text_of(submit)} if submit else {})


ORDER = modal(
    "order",
    "Order",
    field("Notional", {"type": "plain_text_input", "action_id": "notional"}),
    field("Reason", {"type": "plain_text_input", "action_id": "reason"}, optional=True),
)
EVERYTHING = modal(
    "everything",
    "Everything",
    field("Side", {"type": "static_select", "action_id": "side", "options": options("Buy", "Sell")}),
    field(
        "Size", {"type": "number_input", "action_id": "size", "is_decimal_allowed": True, "min_value": "1"}
    ),
    field("Day", {"type": "datepicker", "action_id": "day"}),
    field("Venue", {"type": "radio_buttons", "action_id": "venue", "options": options("Kraken", "Paper")}),
    field(
        "Checks", {"type": "checkboxes", "action_id": "checks", "options": options("Tests", "Keys", "Sums")}
    ),
)


def small_app(api_url: str) -> App:
    """Build the app; its listeners only show that things arrive and come back."""
    client = WebClient(token=BOT_TOKEN, base_url=api_url)
    app = App(client=client, signing_secret="practice-secret", token_verification_enabled=False)
    _listen_to_commands(app)
    _listen_to_forms(app)
    _listen_to_buttons(app)
    return app


def _listen_to_commands(app: App) -> None:
    @app.command("/peak")
    def on_peak(ack: Ack, command: dict[str, Any], client: WebClient, respond: Respond) -> None:
        word, _, rest = command["text"].partition(" ")
        if word == "silence":
            return
        if word == "order":
            ack()
            client.views_open(trigger_id=command["trigger_id"], view=ORDER)
        elif word == "everything":
            ack()
            client.views_open(trigger_id=command["trigger_id"], view=EVERYTHING)
        elif word == "later":
            ack()
            respond("one")
            respond("two", response_type="in_channel")
        elif word == "dm":
            ack()
            channel = client.conversations_open(users=command["user_id"])["channel"]["id"]
            client.chat_postMessage(channel=channel, text=f"for you: {rest}")
        elif word == "menu":
            ack()
            client.chat_postMessage(channel=command["channel_id"], text="menu", blocks=_menu())
        elif word == "chart":
            ack()
            client.files_upload_v2(
                channel=TRADING_REPORTS.id, content=PIXEL, filename="chart.png", alt_txt="Equity rose"
            )
        else:
            ack(f"I do not know {word}")

    @app.event("app_home_opened")
    def on_home(event: dict[str, Any], client: WebClient) -> None:
        view = {"type": "home", "blocks": [section("Nothing waits for you"), actions("Wake")]}
        client.views_publish(user_id=event["user"], view=view)


def _menu() -> list[dict[str, Any]]:
    more = {"type": "overflow", "action_id": "more", "options": options("Details", "History")}
    pick = {"type": "static_select", "action_id": "pick", "options": options("BTC", "ETH")}
    link = {"type": "button", "text": text_of("Docs"), "action_id": "docs", "url": "https://example.org"}
    return [section("Pick one") | {"accessory": more}, {"type": "actions", "elements": [pick, link]}]


def _listen_to_forms(app: App) -> None:
    @app.view("order")
    def on_order(ack: Ack, view: dict[str, Any], client: WebClient, body: dict[str, Any]) -> None:
        values = view["state"]["values"]
        notional = values["notional.block"]["notional"]["value"]
        if not notional.isdigit() or int(notional) > 100:
            ack(response_action="errors", errors={"notional.block": "At most 100 may be asked for"})
            return
        ack(response_action="update", view=modal("done", "Asked", section("It is asked for"), submit=None))
        name = body["user"]["name"].title()
        card = [section(f"*{name}* asks for {notional}"), actions("Approve", "Reject")]
        client.chat_postMessage(channel=TRADING_APPROVALS.id, text=f"{name} asks", blocks=card)

    @app.view("everything")
    def on_everything(ack: Ack, view: dict[str, Any], client: WebClient) -> None:
        ack(response_action="clear")
        entries = {key: entry for block in view["state"]["values"].values() for key, entry in block.items()}
        said = [
            entries["side"]["selected_option"]["value"],
            entries["size"]["value"],
            entries["day"]["selected_date"],
            entries["venue"]["selected_option"]["value"],
            "+".join(option["value"] for option in entries["checks"]["selected_options"]),
        ]
        client.chat_postMessage(channel=TRADING_OPS.id, text=" ".join(said))


def _listen_to_buttons(app: App) -> None:
    @app.action("approve")
    def on_approve(ack: Ack, body: dict[str, Any], client: WebClient, respond: Respond) -> None:
        ack()
        if body["user"]["id"] != OLIVIA.id:
            respond(f"Not for you, {body['user']['name']}", replace_original=False)
            return
        place = {"channel": body["channel"]["id"], "ts": body["message"]["ts"]}
        client.chat_update(**place, text="approved", blocks=[section("Approved by Olivia")])
        client.chat_postMessage(channel=place["channel"], thread_ts=place["ts"], text="Olivia said yes")

    @app.action("reject")
    def on_reject(ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        ack()
        place = {"channel": body["channel"]["id"], "user": body["user"]["id"]}
        client.chat_postEphemeral(**place, text="Sure?", blocks=[section("Sure?"), actions("Sure")])

    @app.action("sure")
    def on_sure(ack: Ack, respond: Respond) -> None:
        ack()
        respond("Rejected", replace_original=True)

    @app.action("more")
    @app.action("pick")
    @app.action("docs")
    @app.action("wake")
    def on_choice(ack: Ack, action: dict[str, Any], body: dict[str, Any], client: WebClient) -> None:
        ack()
        chosen = (action.get("selected_option") or {"value": action["action_id"]})["value"]
        client.chat_postMessage(channel=body["user"]["id"], text=f"{body['user']['name']} chose {chosen}")
