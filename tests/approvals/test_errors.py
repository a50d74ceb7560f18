"""Every error is one sentence or two that somebody can act upon."""

import string
from dataclasses import fields
from datetime import UTC, datetime

import pytest

from approvals import errors
from approvals.errors import ApprovalError, RequestClosed

ERRORS = [
    kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ApprovalError)
]


def names(kind: type[ApprovalError]) -> set[str]:
    """The facts that the docstring of an error asks for."""
    return {name for _, name, _, _ in string.Formatter().parse(kind.__doc__ or "") if name}


@pytest.mark.parametrize("kind", ERRORS)
def test_an_error_has_every_fact_of_its_message(kind: type[ApprovalError]) -> None:
    """The docstring names the class's own fields and no others."""
    facts = {field.name for field in fields(kind)} if kind is not ApprovalError else set()
    assert names(kind) == facts


@pytest.mark.parametrize("kind", ERRORS)
def test_a_message_says_something(kind: type[ApprovalError]) -> None:
    """Each error has words of its own that end like a sentence."""
    assert "__doc__" in vars(kind)
    assert (kind.__doc__ or "").strip().endswith(".")
    assert not (kind.__doc__ or "").startswith(kind.__name__)


def test_an_error_fills_its_sentence() -> None:
    """The facts stand in the message, on one line, and can be read from the error."""
    error = RequestClosed(state="rejected", decided_at=datetime(2026, 11, 23, 12, 5, tzinfo=UTC))
    assert str(error).startswith("This request is already rejected; it was decided at 12:05 UTC. Ask again")
    assert "\n" not in str(error)
    assert error.state == "rejected"


def test_braces_in_a_fact_are_only_text() -> None:
    """What a person typed is never read as a place to fill."""
    assert "{state}" in str(errors.RequestUnknown(wanted="{state}"))


def test_an_error_is_only_itself() -> None:
    """Two with the same facts are two, each can be kept in a set, and facts are given by their names."""
    first, second = errors.RequestUnknown(wanted="req-1"), errors.RequestUnknown(wanted="req-1")
    assert first != second
    assert len({first, second}) == 2
    with pytest.raises(TypeError):
        errors.RequestUnknown("req-1")
