"""The practice people's second factors: made by the demo, enrolled in its home, shown by its workspace."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from approvals.factor import STEP_S, Code, Secret, step_at
from approvals.person import person_id
from bot.installation import Installation
from bot.operations.enrolment import EnrolFactor
from bot.practice.codes import written_secrets
from bot.practice.people import PEOPLE, Kind, Person

MEMBERS: tuple[Person, ...] = tuple(person for person in PEOPLE if person.kind is Kind.MEMBER)


@dataclass(frozen=True, slots=True)
class PracticeFactors:
    """One secret for every member, by Slack id; nobody but demo and workspace knows them."""

    secrets: Mapping[str, Secret]

    @classmethod
    def made(cls) -> "PracticeFactors":
        """New ones, for this practice desk alone."""
        return cls({person.id: Secret.new() for person in MEMBERS})

    @property
    def environ(self) -> dict[str, str]:
        """How the workspace is told of them, never on argv."""
        return {"PRACTICE_FACTORS": written_secrets(self.secrets)}

    def enrol(self, installation: Installation, now: datetime) -> dict[str, list[str]]:
        """Enrol everybody as `peak-ops enrol` would; gives the recovery codes by Slack id.

        Each is proven with the code of half a minute ago, so that the one of now is still good.
        """
        enrol = EnrolFactor(installation.storage(), installation.desk)
        codes = {}
        for person in MEMBERS:
            secret = self.secrets[person.id]
            proof = Code(secret.code_at(step_at(now - timedelta(seconds=STEP_S))))
            enrolled = enrol(enrol.person(person_id(person.name)), secret, proof, "the demo")
            codes[person.id] = list(enrolled.recovery_codes) if enrolled else []
        return codes
