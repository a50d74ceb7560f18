"""One message, told to Slack: what to call, what to look at before a repeat, what each refusal means."""

import http.client
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from threading import Event
from typing import Any
from urllib.error import URLError

import httpx
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackRequestError

from approvals.person import Account
from bot.outbox import Chart, MessageKind
from bot.outbox_queue import Message, Place, Sent
from bot.view import View, as_dicts, as_practice, fitted, permalink

log = logging.getLogger(__name__)

EVENT_TYPE = "peak_ops_outbox"
CALL_TIMEOUT_S = 10
# Slack takes an answer for 30 minutes; the last one is left for the clocks.
RESPONSE_URL_GOOD_FOR = timedelta(minutes=29)
LOOK_BACK = timedelta(minutes=1)
PAGES_MAX = 20
# The pauses before each look at a picture that Slack still works on: within its rates of looks and posts.
IMAGE_LOOKS_S = (0.25, 0.25, 0.5, 1.0, 1.0, 2.0, 2.0, 4.0, 4.0)
RATE_LIMITED_S = 30.0

_PASSING = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "temporarily_unavailable"}
)
_FAILS_IT = frozenset({"internal_error", "fatal_error"})
_LOCKED_OUT = frozenset({"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive"})
_CARD_GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
_NO_LOOKING = frozenset({"missing_scope", "channel_not_found", "not_in_channel", "thread_not_found"})

_NOT_REACHED = (URLError, OSError, http.client.HTTPException, SlackRequestError, httpx.HTTPError)

# Slack answers at a response_url with "ok", or with JSON that says ok or not.
_REFUSED = re.compile(r'"ok"\s*:\s*false')

Renderer = Callable[[str], View | None]


class Later(Exception):
    """Not now: try again `after_s`, or after the usual back-off.

    When Slack says that we speak too fast (`too_fast`), what it counts together with this message waits as
    long. When it fails at this message (`fails_it`), it may take others meanwhile.
    """

    def __init__(
        self, reason: str, after_s: float | None = None, *, too_fast: bool = False, fails_it: bool = False
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.after_s = after_s
        self.too_fast = too_fast
        self.fails_it = fails_it


class Undeliverable(Exception):
    """Never: Slack will refuse it again."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Sender:
    """Knows for each kind of message which calls to make; raises Later or Undeliverable."""

    def __init__(
        self,
        client: WebClient,
        renderers: Mapping[str, Renderer],
        clock: Callable[[], datetime],
        draw: Callable[[Chart], bytes],
        stopping: Event,
        *,
        workspace_url: Callable[[], str | None],
        shows: Callable[[str, Sequence[Mapping[str, Any]]], None],
        strict: bool,
    ) -> None:
        """`workspace_url` is where Slack shows this workspace, once that is known.

        `shows` hears what a card or Home tab will look like, before Slack does.
        """
        # The SDK repeats a call whose connection broke, which may post twice; the outbox looks first.
        self._client = WebClient(
            token=client.token,
            base_url=client.base_url,
            ssl=client.ssl,
            proxy=client.proxy,
            timeout=CALL_TIMEOUT_S,
            retry_handlers=[],
        )
        self._renderers = renderers
        self._clock = clock
        self._draw = draw
        self._stopping = stopping
        self._workspace_url = workspace_url
        self._shows = shows
        self._strict = strict
        self._dms: dict[str, str] = {}

    def send(self, message: Message) -> Sent:
        """Deliver one message."""
        ways = {
            MessageKind.POST: self._send_post,
            MessageKind.CARD: self._send_card,
            MessageKind.REPLY: self._send_reply,
            MessageKind.DM: self._send_dm,
            MessageKind.IMAGE: self._send_image,
            MessageKind.HOME: self._send_home,
        }
        try:
            return ways[message.kind](message)
        except SlackApiError as error:
            raise _judged(error) from error
        except _NOT_REACHED as error:
            raise Later(f"Slack was not reached ({type(error).__name__})") from error

    def _send_post(self, message: Message) -> Sent:
        text, blocks = self._shown(message.body)
        return self._post(message, message.target["channel"], text, blocks, thread_ts=_thread(message))

    def _send_card(self, message: Message) -> Sent:
        drawn, card = self._drawn(message.subject, message), message.card
        if drawn is None or card is None:
            return Sent()
        text, blocks = drawn
        self._shows(message.subject or "", blocks)
        if card.ts is not None:
            try:
                self._client.chat_update(channel=card.channel, ts=card.ts, text=text, blocks=blocks)
                return Sent(card.channel, card.ts)
            except SlackApiError as error:
                if _code(error) not in _CARD_GONE:
                    raise
                log.warning("outbox: the card of %s is gone; it is posted again", message.subject)
                return self._post(message, card.channel, text, blocks)
        # The card's own key, not the row's: any earlier row may have posted it already.
        if message.is_repeat or card.created_at < message.created_at:
            found = self._find(card.channel, f"card:{message.subject}", card.created_at, None)
            if found is not None:
                self._client.chat_update(channel=card.channel, ts=found, text=text, blocks=blocks)
                return Sent(card.channel, found)
        return self._say(card.channel, text, blocks, f"card:{message.subject}")

    def _drawn(self, subject: str | None, message: Message) -> tuple[str, list[dict[str, Any]]] | None:
        """What a subject shows now; None when it is not there any more."""
        body = self._drawn_body(subject, message)
        return self._shown(body) if body else None

    def _drawn_body(self, subject: str | None, message: Message) -> dict[str, Any] | None:
        kind, _, subject_id = (subject or "").partition(":")
        view = self._renderers[kind](subject_id)
        if view is None:
            return None
        practice = message.body.get("practice")
        return {"text": view.text, "blocks": as_dicts(view.blocks), "practice": practice}

    def _send_home(self, message: Message) -> Sent:
        if drawn := self._drawn(message.subject, message):
            self._shows(message.subject or "", drawn[1])
            user = Account.parse(message.target["account"]).user
            view = {"type": "home", "callback_id": "home", "blocks": drawn[1]}
            self._client.views_publish(user_id=user, view=view)
        return Sent()

    def _send_reply(self, message: Message) -> Sent:
        url, lasting = message.target.get("response_url"), message.target.get("lasting")
        if lasting and message.is_repeat:
            url = None  # it may have been seen there, and vanishes anyway
        if url and self._clock() - message.created_at <= RESPONSE_URL_GOOD_FOR:
            text, blocks = self._shown(message.body)
            if self._answered(url, text, blocks) and not lasting:
                return Sent(message.target.get("channel"))
        return self._send_dm(message)

    def _send_dm(self, message: Message) -> Sent:
        body = message.body
        if drawn := message.target.get("drawn"):
            now = self._drawn_body(drawn, message)
            if now is None:
                return Sent()  # it is not worth saying any more
            body = now
        if message.card is not None:
            body = {**body, "blocks": [*body["blocks"], self._way_to(message.card)]}
        text, blocks = self._shown(body)
        return self._post(message, self._dm_with(message.target["account"]), text, blocks)

    def _send_image(self, message: Message) -> Sent:
        channel, thread_ts = message.target["channel"], _thread(message)
        text, blocks = self._shown(message.body)
        if message.is_repeat and (found := self._find(channel, message.key, message.created_at, thread_ts)):
            return Sent(channel, found)
        chart = Chart.restored(message.body["chart"])
        file_id = self._uploaded(chart, message.key)
        if file_id is None:
            return self._say(channel, text, blocks, message.key, thread_ts)
        picture = {"type": "image", "slack_file": {"id": file_id}, "alt_text": chart.alt}
        text, with_picture = self._shown({**message.body, "blocks": [*message.body["blocks"], picture]})
        for wait_s in IMAGE_LOOKS_S:
            if self._stopping.wait(wait_s):
                raise Later("the bot is stopping")
            if self._usable(file_id):
                try:
                    return self._say(channel, text, with_picture, message.key, thread_ts)
                except SlackApiError as error:
                    if not _file_not_ready(error):
                        raise
        log.warning("outbox: the chart of %s did not become usable; it goes out without", message.key)
        return self._say(channel, text, blocks, message.key, thread_ts)

    def _post(
        self, message: Message, channel: str, text: str, blocks: list[Any], thread_ts: str | None = None
    ) -> Sent:
        if message.is_repeat and (found := self._find(channel, message.key, message.created_at, thread_ts)):
            return Sent(channel, found)
        return self._say(channel, text, blocks, message.key, thread_ts)

    def _say(
        self, channel: str, text: str, blocks: list[Any], key: str, thread_ts: str | None = None
    ) -> Sent:
        response = self._client.chat_postMessage(
            channel=channel,
            text=text,
            blocks=blocks,
            thread_ts=thread_ts,
            metadata={"event_type": EVENT_TYPE, "event_payload": {"key": key}},
            unfurl_links=False,
            unfurl_media=False,
        )
        return Sent(response["channel"], response["ts"])

    def _find(self, channel: str, key: str, since: datetime, thread_ts: str | None) -> str | None:
        """Look whether a message with this key stands in the channel already."""
        oldest, cursor = f"{(since - LOOK_BACK).timestamp():.6f}", ""
        for _ in range(PAGES_MAX):
            asked: dict[str, Any] = {
                "channel": channel,
                "oldest": oldest,
                "limit": 200,
                "include_all_metadata": True,
            }
            if cursor:
                asked["cursor"] = cursor
            try:
                if thread_ts:
                    page = self._client.conversations_replies(ts=thread_ts, **asked)
                else:
                    page = self._client.conversations_history(**asked)
            except SlackApiError as error:
                if _code(error) in _NO_LOOKING:
                    return None
                raise
            for said in page["messages"]:
                metadata = said.get("metadata") or {}
                if (metadata.get("event_payload") or {}).get("key") == key:
                    return str(said["ts"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return None
        return None

    def _shown(self, body: Mapping[str, Any]) -> tuple[str, list[dict[str, Any]]]:
        text, blocks = body["text"], body["blocks"]
        if body.get("practice"):
            text, blocks = as_practice(text, blocks)
        fit = fitted(text, blocks)
        if fit.breaches and self._strict:
            raise Undeliverable(f"Slack would refuse it: {'; '.join(fit.breaches)}")
        for breach in fit.breaches:
            log.error("outbox: a message was cut: %s", breach)
        return fit.text, fit.blocks

    def _answered(self, url: str, text: str, blocks: list[Any]) -> bool:
        """Answer at a response_url; False when it is used up, late or not to be reached."""
        answer = {"response_type": "ephemeral", "replace_original": False, "text": text, "blocks": blocks}
        try:
            given = httpx.post(url, json=answer, timeout=CALL_TIMEOUT_S)
        except httpx.HTTPError as error:
            log.warning("outbox: a response_url was not reached (%s)", type(error).__name__)
            return False
        if given.status_code == 429:
            raise Later("ratelimited", _seconds(given.headers.get("retry-after")), too_fast=True)
        return given.status_code == 200 and not _REFUSED.search(given.text)

    def _way_to(self, card: Place) -> dict[str, Any]:
        """A line that leads to a card, or to its channel while nobody knows where the card stands."""
        url = permalink(self._workspace_url(), card.channel, card.ts)
        way = f"<{url}|Open its card>" if url else f"Its card stands in <#{card.channel}>"
        return {"type": "context", "elements": [{"type": "mrkdwn", "text": way}]}

    def _dm_with(self, account: str) -> str:
        if account not in self._dms:
            opened = self._client.conversations_open(users=Account.parse(account).user)
            self._dms[account] = opened["channel"]["id"]
        return self._dms[account]

    def _uploaded(self, chart: Chart, key: str) -> str | None:
        """Draw and upload; None when the chart cannot be drawn."""
        try:
            content = self._draw(chart)
        except Exception:
            log.exception("outbox: the chart of %s could not be drawn; it goes out without", key)
            return None
        name = "equity.png"
        place = self._client.files_getUploadURLExternal(
            filename=name, length=len(content), alt_txt=chart.alt[:1000]
        )
        httpx.post(place["upload_url"], content=content, timeout=CALL_TIMEOUT_S).raise_for_status()
        self._client.files_completeUploadExternal(files=[{"id": place["file_id"], "title": "Equity"}])
        return str(place["file_id"])

    def _usable(self, file_id: str) -> bool:
        file = self._client.files_info(file=file_id)["file"]
        return bool(file.get("mimetype")) and file.get("mode") != "tombstone"


def _thread(message: Message) -> str | None:
    return message.card.ts if message.card is not None else None


def _code(error: SlackApiError) -> str:
    data = getattr(error.response, "data", None)
    return str(data.get("error", "")) if isinstance(data, dict) else ""


def _judged(error: SlackApiError) -> Exception:
    """Whether Slack's refusal passes."""
    code = _code(error)
    status = getattr(error.response, "status_code", 0)
    if code == "ratelimited" or status == 429:
        headers = getattr(error.response, "headers", {})
        after = {name.lower(): value for name, value in headers.items()}.get("retry-after")
        return Later("ratelimited", _seconds(after), too_fast=True)
    if code in _LOCKED_OUT:
        return Later(f"Slack refuses the bot's token ({code}); check SLACK_BOT_TOKEN")
    if not code or code in _PASSING or status >= 500:
        return Later(f"Slack is in trouble ({code or status})", fails_it=code in _FAILS_IT)
    told = (error.response.get("response_metadata") or {}).get("messages") or []
    return Undeliverable(": ".join([code, "; ".join(told)]) if told else code)


def _file_not_ready(error: SlackApiError) -> bool:
    if _code(error) != "invalid_blocks":
        return False
    told = (error.response.get("response_metadata") or {}).get("messages") or []
    return any("slack_file" in each for each in told)


def _seconds(retry_after: object) -> float:
    try:
        return max(0.0, float(str(retry_after)))
    except ValueError:
        return RATE_LIMITED_S
