"""The conformance table names what the workspace serves, no more and no less."""

import re
from pathlib import Path
from typing import Any, cast

from bot.practice.faults import FaultKind
from bot.practice.methods.chat import ChatMethods
from bot.practice.methods.conversations import ConversationMethods
from bot.practice.methods.files import FileMethods
from bot.practice.methods.method import Method
from bot.practice.methods.users import UserMethods
from bot.practice.methods.views import ViewMethods
from bot.practice.rates import Tier

PAGE = Path(__file__).parents[3] / "docs" / "conformance.md"
WORDS = {Tier.TWO: "tier 2", Tier.THREE: "tier 3", Tier.FOUR: "tier 4", Tier.SPECIAL: "600 a minute"}


def rows(heading: str) -> dict[str, list[str]]:
    """The rows of a table of the workspace's part, by their first cell."""
    workspace = PAGE.read_text("utf-8").split("\n## Workspace\n")[1].split("\n## ")[0]
    section = workspace.split(f"\n### {heading}\n")[1].split("\n### ")[0]
    found = re.findall(r"^\| `([^`|]+)` \|(.*)\|$", section, re.MULTILINE)
    return {name: [cell.strip() for cell in rest.split("|")] for name, rest in found}


def served() -> dict[str, Method]:
    """Every method, without a workspace behind it."""
    nothing = cast(Any, None)
    return {
        **ChatMethods(nothing, nothing, nothing).table(),
        **ConversationMethods(nothing, nothing, frozenset()).table(),
        **FileMethods(nothing, nothing).table(),
        **UserMethods("", nothing, nothing).table(),
        **ViewMethods(nothing, nothing, nothing, nothing).table(),
    }


def test_every_method_that_is_served_is_listed_with_its_rate() -> None:
    """And none that is not."""
    listed, methods = rows("Methods"), served()

    assert set(listed) == {*methods, "apps.connections.open"}
    for name, method in methods.items():
        if method.tier is not None:
            assert listed[name][0] == WORDS[method.tier], name


def test_every_fault_is_listed() -> None:
    """And none that cannot be asked for."""
    assert list(rows("Faults")) == list(FaultKind)
