"""The list of faults: everything that a page needs to offer them, and nothing that the exchange refuses."""

from typing import Any

import httpx
import pytest

from tests.trading.practice_exchange.desk import Kraken, Practice
from trading.practice_exchange.fault_catalogue import CATALOGUE
from trading.practice_exchange.faults import EVENTS, STANDING, FaultKind
from trading.practice_exchange.server import PracticeExchange


def listed(practice: Practice) -> dict[str, dict[str, Any]]:
    return {fault["kind"]: fault for fault in practice("faults")["faults"]}


def test_every_fault_is_listed_in_words(practice: Practice) -> None:
    """Each has a title, one sentence on what to expect, and when it is used up."""
    assert set(listed(practice)) == set(FaultKind)
    for fault in listed(practice).values():
        assert fault["group"] == "exchange"
        assert fault["title"][0].isupper()
        assert "_" not in fault["title"]
        assert fault["about"].endswith(".")
        assert fault["about"].count(". ") == 0
        assert fault["ends"].endswith(".")
        assert fault["active"] is False
        for field in fault["fields"]:
            assert field["label"][0].isupper()
            assert field["default"] in field.get("choices", [field["default"]])


@pytest.mark.parametrize("kind", list(FaultKind))
def test_every_fault_can_be_set_as_it_is_offered(practice: Practice, kind: FaultKind) -> None:
    """Sent with its own defaults it is taken; unless it happens at once it is active until mended."""
    fields = {field["name"]: field["default"] for field in listed(practice)[kind]["fields"]}
    practice("fault", kind=kind, **fields)
    assert {name for name, fault in listed(practice).items() if fault["active"]} == {kind} - EVENTS
    practice("fault", kind="none")
    assert not any(fault["active"] for fault in listed(practice).values())


@pytest.mark.parametrize("kind", sorted(set(FaultKind) - EVENTS))
def test_every_choice_of_a_fault_is_taken(
    exchange: PracticeExchange, http: httpx.Client, practice: Practice, kind: FaultKind
) -> None:
    """What the page offers is never refused."""
    for field in CATALOGUE[kind].fields:
        for word in field.choices:
            practice("fault", kind=kind, **{field.name: word})


@pytest.mark.parametrize("kind", sorted(set(FaultKind) - EVENTS))
def test_fault_set_twice_replaces_itself(practice: Practice, kind: FaultKind) -> None:
    """The last word counts, and it is in force once."""
    for count in (5, 2):
        practice("fault", kind=kind, count=count)
    (fault,) = practice("state")["faults"]
    assert fault["left"] == (None if kind in STANDING else 2)


def test_fault_is_used_up_by_the_calls_it_meets(kraken: Kraken, practice: Practice) -> None:
    """It is active until it has met as many calls as were asked for."""
    practice("fault", kind="delay_s", value="0", count=2, endpoint="Time")
    for is_active in (True, True, False):
        assert listed(practice)["delay_s"]["active"] is is_active
        kraken.fetch_time()


def test_field_left_empty_means_its_default(practice: Practice) -> None:
    """A form sends empty text for what nobody filled in."""
    practice("fault", kind="blank_200", value="", count="", endpoint="")
    (fault,) = practice("state")["faults"]
    assert (fault["value"], fault["left"], fault["endpoint"]) == ("html", 1, None)
