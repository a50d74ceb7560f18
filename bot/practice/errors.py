"""How the workspace refuses: to the app in Slack's words, to people in a sentence."""

from collections.abc import Iterable, Sequence


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


def missing_scope(needed: str, provided: Iterable[str]) -> ApiError:
    """The refusal of a call that the token's scopes do not cover."""
    return ApiError("missing_scope", needed=needed, provided=",".join(sorted(provided)))


class RateLimited(ApiError):
    """Too many calls; Slack says with HTTP 429 after how many seconds it will listen again."""

    def __init__(self, after_s: int) -> None:
        super().__init__("ratelimited")
        self.after_s = after_s


class DeskError(Exception):
    """A person tried something that the workspace cannot do; the first argument says what and why."""
