"""A sample of what `make mutants` does to the whole package: whatever is changed in who counts, is seen."""

from types import FunctionType

import pytest

from approvals import quorum
from tests.approvals import test_quorum
from tests.mutation import cases, is_explained, mutants, survives


@pytest.mark.parametrize(
    "function",
    [
        quorum.tally,
        quorum.may_vote,
        quorum._flaw,
        quorum._standing,
        quorum.Tally.reached.fget,
        quorum.Tally.missing.fget,
    ],
)
def test_whatever_is_changed_in_the_counting_a_test_fails(function: FunctionType) -> None:
    """All mutants of who counts, but those for which docs/mutation.md tells why no test can see them."""
    judges = list(cases(test_quorum))
    assert all(case.passes() for case in judges)

    made = list(mutants(function))
    unseen = [mutant.change for mutant in made if survives(mutant, judges)]

    assert made
    assert [change for change in unseen if not is_explained(change)] == []
