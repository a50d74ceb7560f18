"""How the workspace refuses: to the app in Slack's words, to people in a sentence."""

from collections.abc import Sequence


class ApiError(Exception):
    """A Web API call is refused; the first argument is Slack's name of the error."""

    def __init__(self, error: str, messages: Sequence[str] = (), **facts: str) -> None:
        super().__init__(error)
        self.error = error
        self.messages = tuple(messages)
        self.facts = facts

    def as_reply(self) -> dict[str, object]:
        """Give the JSON body that Slack would send with HTTP 200."""
        reply: dict[str, object] = {"ok": False, "error": self.error, **self.facts}
        if self.messages:
            reply["response_metadata"] = {"messages": [f"[ERROR] {message}" for message in self.messages]}
        return reply


class DeskError(Exception):
    """A person tried something that the workspace cannot do; the first argument says what and why."""
