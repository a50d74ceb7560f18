"""The page shows what an authenticator app would; nobody but the workspace was handed the secrets."""

from pathlib import Path

import httpx
import pyotp

from approvals.factor import STEP_S
from bot.clock import system_clock
from bot.practice.codes import read_secrets, written_secrets
from bot.practice.people import OTTO
from bot.practice.rates import Rates
from bot.practice.server import Installation, Workspace
from bot.practice_factors import PracticeFactors

MANIFEST = Path(__file__).parents[3] / "config" / "slack_manifest.json"


def test_the_page_is_told_the_codes_of_now_and_for_how_long() -> None:
    """The secrets themselves are told to nobody."""
    factors = PracticeFactors.made()
    secrets = read_secrets(factors.environ["PRACTICE_FACTORS"])
    installation = Installation(MANIFEST, rates=Rates.unlimited(), secrets=secrets)
    with Workspace.running(installation, system_clock) as workspace:
        told = httpx.get(f"{workspace.url}/desk/codes", trust_env=False)
        people = httpx.get(f"{workspace.url}/desk/people", trust_env=False)

    found = told.json()
    assert found["codes"].keys() == factors.secrets.keys()
    assert pyotp.TOTP(factors.secrets[OTTO.id].reveal()).verify(found["codes"][OTTO.id], valid_window=1)
    assert 0 < found["good_for_s"] <= STEP_S
    for secret in factors.secrets.values():
        assert secret.reveal() not in told.text + people.text + repr(factors) + repr(installation)


def test_a_workspace_without_secrets_shows_no_codes() -> None:
    """Nothing is made up."""
    assert read_secrets("") == {}
    assert written_secrets({}) == ""
