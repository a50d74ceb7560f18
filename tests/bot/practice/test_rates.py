"""How often the app may call, by a clock that is set by hand, and what it is told when it calls more."""

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.clock import system_clock
from bot.practice.people import GENERAL, OLIVIA, TRADING_OPS
from bot.practice.rates import Rate, RateLimits, Rates, Tier
from bot.practice.server import BOT_TOKEN, Installation, Workspace
from tests.bot.practice.conftest import MANIFEST


class Seconds:
    """A monotonic clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    """A clock that stands still."""
    return Seconds()


@pytest.fixture
def limits(seconds: Seconds) -> RateLimits:
    """Slack's limits on that clock."""
    return RateLimits(Rates(), seconds)


def posts(limits: RateLimits, channel: str) -> int:
    """Post once; gives the seconds to wait, or 0."""
    return limits.take("chat.postMessage", None, channel)


def test_a_channel_takes_five_at_once_and_one_a_second(limits: RateLimits, seconds: Seconds) -> None:
    """Another channel is not held up by it."""
    assert [posts(limits, "C1") for _ in range(6)] == [0, 0, 0, 0, 0, 1]
    assert posts(limits, "C2") == 0

    seconds.now += 1
    assert [posts(limits, "C1") for _ in range(2)] == [0, 1]


def test_a_workspace_has_a_cap_of_its_own(seconds: Seconds) -> None:
    """Many channels together are held up too; what is refused counts nowhere."""
    limits = RateLimits(Rates(posts_in_workspace=Rate(burst=3, per_s=1)), seconds)

    assert [posts(limits, f"C{number}") for number in range(4)] == [0, 0, 0, 1]
    seconds.now += 1
    assert [posts(limits, f"C{number}") for number in range(4, 6)] == [0, 1]


@pytest.mark.parametrize(("tier", "a_minute"), [(Tier.TWO, 20), (Tier.THREE, 50), (Tier.FOUR, 100)])
def test_a_tier_is_so_many_calls_a_minute(
    limits: RateLimits, seconds: Seconds, tier: Tier, a_minute: int
) -> None:
    """Each method is counted for itself, whatever the channel."""
    assert [limits.take("a", tier, f"C{number}") for number in range(a_minute)] == [0] * a_minute
    assert limits.take("a", tier, "C1") > 0
    assert limits.take("b", tier, "C1") == 0

    seconds.now += 60
    assert [limits.take("a", tier, "C1") for _ in range(a_minute)] == [0] * a_minute


def test_a_call_too_many_is_429_with_retry_after(client: WebClient) -> None:
    """In force unless a test says otherwise; other channels still take messages."""
    for number in range(5):
        client.chat_postMessage(channel=TRADING_OPS.id, text=str(number))

    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel=TRADING_OPS.id, text="too many")

    response = caught.value.response
    assert (response.status_code, response["error"]) == (429, "ratelimited")
    assert response.headers["Retry-After"] == "1"
    assert client.chat_postMessage(channel=GENERAL.id, text="elsewhere")["ok"]
    assert client.chat_postMessage(channel=OLIVIA.id, text="to her")["ok"]


def test_a_test_may_lift_the_limits() -> None:
    """A flood that a test needs is not held up."""
    installation = Installation(MANIFEST, rates=Rates.unlimited())
    with Workspace.running(installation, system_clock) as workspace:
        client = WebClient(token=BOT_TOKEN, base_url=workspace.api_url)
        for number in range(30):
            client.chat_postMessage(channel=TRADING_OPS.id, text=str(number))
