"""The album of `make pictures` misses nothing that the bot posts."""

import ast
import inspect
import pkgutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from slack_sdk.models.views import View as SlackView

import bot.views
from approvals.request import RequestState
from bot.projector import ALERTS
from bot.view import View
from tests.pictures.kinds import PICTURES
from trading.session import SessionState

BOT = Path(bot.views.__file__).parents[1]


def views() -> Iterator[str]:
    """Every function of bot/views that draws something whole."""
    for module in pkgutil.iter_modules(bot.views.__path__, "bot.views."):
        for name, found in inspect.getmembers(import_module(module.name), inspect.isfunction):
            drawn = found.__annotations__.get("return")
            if found.__module__ == module.name and not name.startswith("_") and drawn in (View, SlackView):
                yield f"{module.name}.{name}"


def raised() -> Iterator[str]:
    """Every kind of alert that the bot raises by a name of its own."""
    for path in BOT.rglob("*.py"):
        text = path.read_text("utf-8")
        for node in ast.walk(ast.parse(text)) if "raise_alert(" in text else ():
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "raise_alert":
                kind = node.args[3]
                if isinstance(kind, ast.Constant):
                    yield str(kind.value)


def test_every_view_has_a_picture() -> None:
    """A new view is put into the list, and taken."""
    pictured = {f"{view.__module__}.{view.__name__}" for view in PICTURES.values()}
    assert set(views()) - pictured == set()


@pytest.mark.parametrize("state", RequestState)
def test_every_state_of_a_request_has_a_picture(state: RequestState) -> None:
    """Pending, decided in each way, come too late."""
    assert f"request-{state}" in PICTURES


@pytest.mark.parametrize("state", SessionState)
def test_every_state_of_a_session_has_a_picture(state: SessionState) -> None:
    """From its start to each end."""
    assert f"session-{state}" in PICTURES


def test_every_kind_of_alert_has_a_picture() -> None:
    """Those of trading, and those that the bot raises of itself."""
    kinds = {*map(str, ALERTS), *raised()}
    assert len(kinds) > len(ALERTS)
    assert {f"alert-{kind}" for kind in kinds} - PICTURES.keys() == set()
