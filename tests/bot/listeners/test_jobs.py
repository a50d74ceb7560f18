"""A job is this bot's own word: what a form has proven, carried over to the work that follows."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import pytest

from approvals.person import Account
from bot.listeners.incoming import Incoming
from bot.listeners.jobs import Jobs, NotAJob
from bot.payloads import Delivery

FACTS = {"session": "live-1", "reason": "seen", "step_up": "none"}


@dataclass
class Shelf:
    """Stands in for the inbox: keeps what it is given."""

    kept: list[Delivery] = field(default_factory=list)

    def accept(self, delivery: Delivery) -> "Future[None]":
        """Say that it is on disk."""
        self.kept.append(delivery)
        saved: Future[None] = Future()
        saved.set_result(None)
        return saved


@pytest.fixture
def saved() -> tuple[Jobs, dict[str, Any], str]:
    """A job of Otto's, as it lies in the database, and its key."""
    shelf = Shelf()
    jobs = Jobs(shelf, b"k" * 32)  # type: ignore[arg-type]
    said = Incoming(cause="view:1", account=Account.parse("T0PEAKOPS/UOTTO0000"), channel="C0OPS")
    jobs.save("resume_wanted", said, FACTS)
    (delivery,) = shelf.kept
    return jobs, dict(delivery.payload), delivery.key


def test_a_job_comes_back_as_it_was_saved(saved: tuple[Jobs, dict[str, Any], str]) -> None:
    """Whose it is, and what was proven."""
    jobs, body, key = saved
    said, facts = jobs.read(body, {"cause": key})

    assert (str(said.account), dict(facts)) == ("T0PEAKOPS/UOTTO0000", FACTS)


def somebody_else(body: dict[str, Any]) -> None:
    """Olivia's name on it."""
    body["event"]["user"] = "UOLIVIA00"


def surer(body: dict[str, Any]) -> None:
    """A code that nobody has typed."""
    body["event"]["facts"] = {**FACTS, "step_up": "totp"}


def another_act(body: dict[str, Any]) -> None:
    """The same words for something else."""
    body["event"]["type"] = "live_wanted"


def unsigned(body: dict[str, Any]) -> None:
    """As somebody writes it who has no key."""
    del body["event"]["mac"]


@pytest.mark.parametrize("change", [somebody_else, surer, another_act, unsigned])
def test_a_job_that_somebody_has_written_or_changed_is_none(
    saved: tuple[Jobs, dict[str, Any], str], change: Callable[[dict[str, Any]], None]
) -> None:
    """Whoever can write to the database could else give the asker's yes for others, code and all."""
    jobs, body, key = saved
    change(body)

    with pytest.raises(NotAJob):
        jobs.read(body, {"cause": key})


def test_a_job_under_another_key_is_none(saved: tuple[Jobs, dict[str, Any], str]) -> None:
    """One that was done is not done again under a new name."""
    jobs, body, key = saved
    with pytest.raises(NotAJob):
        jobs.read(body, {"cause": f"{key}2"})
