"""A grant is good for one act, for a while."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from approvals.grant import Grant, GrantExpired, GrantId, GrantMismatch, new_grant_id
from approvals.payload import canonical, digest
from tests.approvals.desk import NOON, ONE_SECOND, PAYLOAD

TEXT = canonical(PAYLOAD)
GRANT = Grant(GrantId("grant-1"), "req-1", "live.activate", digest(TEXT), NOON, NOON + timedelta(minutes=10))


def test_a_grant_covers_its_own_act() -> None:
    """The approved payload, under the approved action, within ten minutes."""
    GRANT.covers(TEXT, "live.activate", NOON)
    GRANT.covers(TEXT, "live.activate", GRANT.expires_at - ONE_SECOND)


@pytest.mark.parametrize("now", [GRANT.expires_at, GRANT.expires_at + timedelta(days=1), NOON - ONE_SECOND])
def test_a_grant_out_of_time_covers_nothing(now: object) -> None:
    """At its last moment it is over; before its first it has not begun."""
    with pytest.raises(GrantExpired, match="until 12:10:00 UTC"):
        GRANT.covers(TEXT, "live.activate", now)


def test_a_grant_covers_no_other_payload() -> None:
    """One changed parameter is another act."""
    other = canonical({**PAYLOAD, "fast": 11})
    with pytest.raises(GrantMismatch) as refused:
        GRANT.covers(other, "live.activate", NOON)
    assert (refused.value.granted, refused.value.found) == (digest(TEXT)[:12], digest(other)[:12])
    assert "another payload" in str(refused.value)


def test_a_grant_covers_no_other_action() -> None:
    """An approved start is not an approved resume."""
    with pytest.raises(GrantMismatch, match=r"another act \(live\.activate\).*live\.resume"):
        GRANT.covers(TEXT, "live.resume", NOON)


def test_a_grant_has_an_id_that_nobody_can_guess() -> None:
    """128 bits, anew each time."""
    assert re.fullmatch(r"grant-[0-9a-f]{32}", new_grant_id())
    assert new_grant_id() != new_grant_id()


def test_a_grant_survives_the_way_to_another_process() -> None:
    """What the gateway reads is what the bot wrote."""
    assert Grant.parse(GRANT.as_text()) == GRANT
    precise = replace(GRANT, issued_at=NOON + timedelta(microseconds=1))
    assert Grant.parse(precise.as_text()) == precise


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"id":"grant-1"}', GRANT.as_text()[:-1]])
def test_what_is_no_grant_is_not_read_as_one(text: str) -> None:
    """A damaged or empty text raises; it never gives a grant with gaps."""
    with pytest.raises((ValueError, TypeError, KeyError)):
        Grant.parse(text)
