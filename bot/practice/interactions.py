"""What people do to the app: type a command, press, submit, close; and what its answer causes."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from bot.practice.blocks import Block, elements_of
from bot.practice.channels import Channel, Channels, Message
from bot.practice.content import message_blocks, message_text, view_parts
from bot.practice.delivery import Delivery, EnvelopeType, Reply
from bot.practice.errors import ApiError, DeskError
from bot.practice.feed import Feeds
from bot.practice.files import Files
from bot.practice.inputs import complaint, entry, initial_entry
from bot.practice.manifest import Command, Manifest
from bot.practice.payloads import Payloads, Press, merged
from bot.practice.people import APP, Person
from bot.practice.views import View, Views

TROUBLE = "We had some trouble connecting. Try again?"

Typed = dict[str, dict[str, object]]


@dataclass(frozen=True, slots=True)
class Result:
    """What a person is told about an act: nothing, a notice, or complaints under blocks of a form."""

    notice: str | None = None
    errors: dict[str, str] = field(default_factory=dict)

    def to_page(self) -> dict[str, object]:
        """Give the JSON reply of the people API."""
        if self.errors:
            return {"ok": False, "errors": self.errors}
        return {"ok": True} if self.notice is None else {"ok": False, "notice": self.notice}


class Interactions:
    """Carries acts to the app and its acknowledgements back onto the screen."""

    def __init__(
        self,
        manifest: Manifest,
        channels: Channels,
        views: Views,
        files: Files,
        feeds: Feeds,
        payloads: Payloads,
        delivery: Delivery,
    ) -> None:
        self._manifest = manifest
        self._channels = channels
        self._views = views
        self._files = files
        self._feeds = feeds
        self._payloads = payloads
        self._delivery = delivery
        self._tasks: set[asyncio.Task[Any]] = set()

    async def command(self, person: Person, channel: Channel, command: Command, text: str) -> Result:
        """Send a slash command and show what the acknowledgement says."""
        payload = self._payloads.command(person, channel, command.command, text)
        reply = await self._delivery.deliver(EnvelopeType.COMMAND, payload)
        failed = f'{command.command} failed with the error "{{}}"'
        if not reply.acknowledged:
            return self.notice(person, failed.format(reply.outcome))
        body = {"text": reply.body} if isinstance(reply.body, str) else reply.body
        if isinstance(body, dict) and (body.get("text") or body.get("blocks")):
            try:
                self._answer(person, channel, body)
            except ApiError as error:
                return self.notice(person, failed.format(error.error))
        return Result()

    async def press_in_message(
        self, person: Person, channel: Channel, message: Message, ids: tuple[str | None, str], value: object
    ) -> Result:
        """Use an element of a message."""
        press = _press(message.blocks, ids, value)
        if press.entry is not None:
            merged(
                message.state_for(person.id), press.block["block_id"], press.element["action_id"], press.entry
            )
        if not _dispatches(press):
            return Result()
        shown = self._channels.to_slack(message)
        payload = self._payloads.message_action(person, channel, message, shown, press)
        return self._pressed(person, press, await self._delivery.deliver(EnvelopeType.INTERACTIVE, payload))

    async def press_in_view(
        self, person: Person, view: View, ids: tuple[str | None, str], value: object, typed: Typed
    ) -> Result:
        """Use an element of a modal or the home; ``typed`` is what else stands in the form."""
        press = _press(view.blocks, ids, value)
        _type_into(view, typed)
        if press.entry is not None and initial_entry(press.element) is not None:
            merged(view.values, press.block["block_id"], press.element["action_id"], press.entry)
        if not _dispatches(press):
            return Result()
        payload = self._payloads.view_action(person, view, press)
        return self._pressed(person, press, await self._delivery.deliver(EnvelopeType.INTERACTIVE, payload))

    async def submit(self, person: Person, view: View, typed: Typed) -> Result:
        """Send a form, after the checks that Slack's own client makes."""
        if view.submit is None:
            raise DeskError("This form has no submit button.")
        _type_into(view, typed)
        view.errors = {}
        if errors := _complaints(view):
            self._views.show_errors(view, errors)
            return Result(errors=errors)
        payload = self._payloads.submission(person, view)
        reply = await self._delivery.deliver(EnvelopeType.INTERACTIVE, payload)
        if not reply.acknowledged:
            return self.notice(person, f"{TROUBLE} ({reply.outcome})")
        try:
            return self._after_submission(person, view, reply.body if isinstance(reply.body, dict) else {})
        except ApiError as error:
            return self.notice(person, f"{TROUBLE} ({error.error}: {'; '.join(error.messages)})")

    def close(self, person: Person, view: View) -> None:
        """Close a form by hand."""
        stack = self._views.stack_of(person.id)
        with_all = view.clear_on_close
        closed = stack if with_all else stack[stack.index(view) :] if view in stack else []
        told = [each for each in reversed(closed) if each.notify_on_close]
        payloads = [self._payloads.closing(person, each, is_cleared=with_all) for each in told]
        self._views.close(view, with_all=with_all)
        for payload in payloads:
            self._start(self._delivery.deliver(EnvelopeType.INTERACTIVE, payload))

    async def shortcut(
        self, person: Person, callback_id: str, channel: Channel | None, message: Message | None
    ) -> Result:
        """Use a shortcut of the app, of everywhere or of a message."""
        known = [each for each in self._manifest.shortcuts if each.callback_id == callback_id]
        if not known:
            names = ", ".join(each.callback_id for each in self._manifest.shortcuts) or "none"
            raise DeskError(f"The app has no shortcut {callback_id!r}; there are: {names}.")
        if known[0].is_for_messages:
            if channel is None or message is None:
                raise DeskError("This shortcut is used on a message: channel and ts say which.")
            shown = self._channels.to_slack(message)
            payload = self._payloads.message_shortcut(person, channel, message, shown, callback_id)
        else:
            payload = self._payloads.shortcut(person, callback_id)
        reply = await self._delivery.deliver(EnvelopeType.INTERACTIVE, payload)
        if reply.acknowledged:
            return Result()
        return self.notice(person, f'"{known[0].name}" failed with the error "{reply.outcome}"')

    def stop(self) -> None:
        """Give up what is still to be delivered."""
        for task in self._tasks:
            task.cancel()

    def _start(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _answer(self, person: Person, channel: Channel, body: dict[str, Any]) -> None:
        blocks = message_blocks(body["blocks"], self._files) if body.get("blocks") else []
        text = message_text(str(body.get("text") or ""))
        seen_by = None if body.get("response_type") == "in_channel" else person.id
        self._channels.say(channel, APP.user_id, text, blocks=blocks, seen_by=seen_by)

    def _after_submission(self, person: Person, view: View, body: dict[str, Any]) -> Result:
        action = body.get("response_action")
        if action == "errors":
            given = body.get("errors")
            errors = {str(name): str(text) for name, text in given.items()} if isinstance(given, dict) else {}
            inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
            if not errors or not set(errors) <= inputs:
                raise ApiError("invalid_errors", [f"{sorted(errors)} are not among {sorted(inputs)}"])
            self._views.show_errors(view, errors)
            return Result(errors=errors)
        if action in ("update", "push"):
            parts = view_parts(body.get("view"), self._files, ("modal",))
            if action == "update":
                self._views.update(view, parts)
            else:
                self._views.push(person.id, parts)
        elif action in ("clear", None):
            self._views.close(view, with_all=action == "clear")
        else:
            raise ApiError("invalid_response_action", [str(action)])
        return Result()

    def _pressed(self, person: Person, press: Press, reply: Reply) -> Result:
        if reply.acknowledged:
            return Result()
        text = press.element.get("text")
        label = text["text"] if isinstance(text, dict) else press.element["action_id"]
        return self.notice(person, f'"{label}" failed with the error "{reply.outcome}"')

    def notice(self, person: Person, text: str) -> Result:
        """Tell a person what Slack itself would say."""
        self._feeds.tell([person.id], {"type": "notice", "text": text})
        return Result(notice=text)


def _press(blocks: list[Block], ids: tuple[str | None, str], value: object) -> Press:
    block_id, action_id = ids
    for block in blocks:
        if block_id is not None and block["block_id"] != block_id:
            continue
        for element in elements_of(block):
            if element["action_id"] == action_id:
                entered = None if element["type"] == "button" else entry(element, value)
                return Press(block, element, entered)
    raise DeskError(f"There is no element {action_id} there any more; look at the newest version.")


def _dispatches(press: Press) -> bool:
    return press.block["type"] != "input" or bool(press.block.get("dispatch_action"))


def _type_into(view: View, typed: Typed) -> None:
    for block in view.blocks:
        for element in elements_of(block):
            given = typed.get(block["block_id"], {})
            if element["action_id"] in given and initial_entry(element) is not None:
                noted = entry(element, given[element["action_id"]])
                merged(view.values, block["block_id"], element["action_id"], noted)


def _complaints(view: View) -> dict[str, str]:
    found = {}
    for block in view.blocks:
        for element in elements_of(block) if block["type"] == "input" else []:
            noted = view.values[block["block_id"]][element["action_id"]]
            if text := complaint(block, element, noted):
                found[block["block_id"]] = text
    return found
