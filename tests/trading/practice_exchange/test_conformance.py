"""The conformance table tells of everything that the exchange serves, and of nothing that it does not."""

import re
from pathlib import Path

import pytest

from trading.practice_exchange import private_api, public_api
from trading.practice_exchange.faults import FaultKind
from trading.practice_exchange.rates import DEFAULT_TIER, TIERS

DOCS = Path(__file__).parents[3] / "docs"
VERDICTS = {"as there", "simplified", "not there"}


def rows(heading: str) -> list[list[str]]:
    """The cells of every row below a heading of the exchange's part, but for the heads of its tables."""
    part = (DOCS / "conformance.md").read_text("utf-8").split("\n## Exchange\n")[1].split("\n## ")[0]
    section = part.split(f"\n### {heading}\n")[1].split("\n### ")[0]
    lines = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line] for line in lines]
    heads = {index - 1 for index, line in enumerate(cells) if set(line[0]) == {"-"}}
    return [line for index, line in enumerate(cells) if index not in heads and set(line[0]) != {"-"}]


def test_every_endpoint_stands_in_the_table_and_the_other_way_round() -> None:
    """What is called "not there" is not served; everything else is."""
    told = {name.strip("`"): verdict for name, verdict, _ in rows("Endpoints")}
    served = {*public_api.ENDPOINTS, *private_api.ENDPOINTS}

    assert {name for name, verdict in told.items() if verdict != "not there"} == served
    assert set(told.values()) == VERDICTS


@pytest.mark.parametrize("heading", ["Endpoints", "Orders", "What happens"])
def test_every_row_gives_one_of_three_verdicts(heading: str) -> None:
    """Nothing is left open, and what is simplified says how."""
    for name, verdict, how in rows(heading):
        assert verdict in VERDICTS, name
        assert how or verdict != "simplified", name


def test_tiers_stand_there_with_their_figures() -> None:
    """Every limit is the one that is kept, and the tier that holds by default says so."""
    tiers = [row for row in rows("Limits") if len(row) == 6]
    figures = {re.findall(r"`(\w+)`", row[0])[0]: [float(cell) for cell in row[1:]] for row in tiers}

    assert figures == {
        tier.name: [
            tier.calls_max,
            tier.calls_decay,
            tier.orders_max,
            tier.orders_decay,
            tier.open_orders_max,
        ]
        for tier in TIERS.values()
    }
    assert [row[0] for row in tiers if "unless said otherwise" in row[0]] == [
        f"`{DEFAULT_TIER}`, unless said otherwise"
    ]


def test_every_fault_stands_in_the_guide() -> None:
    """Whoever reads the guide to the practice desk finds each kind of fault."""
    guide = (DOCS / "practice-desk.md").read_text("utf-8")
    assert [kind for kind in FaultKind if f"`{kind}`" not in guide] == []
