"""The practice desk is begun as every desk is: by two of its people, each with a second factor."""

from collections.abc import Mapping

from approvals.factor import Code
from approvals.person import Person, Role
from approvals.request import ApprovalRequest, VoteWord
from bot.errors import BotError
from bot.installation import Installation
from bot.operations.filing import Asked
from bot.operations.halt import ClearHalt, RequestRearm
from bot.operations.requests import AnswerRequest

REASON = "the practice desk begins"


class NotBegun(BotError):
    """The practice desk could not be begun: {why}."""

    why: str


def begin_practice(installation: Installation, recovery_codes: Mapping[str, list[str]]) -> tuple[str, str]:
    """Have its risk officer ask and its owner agree, before any bot runs; gives their names.

    Each uses up the last of the recovery codes, which come by Slack id, so that the app's code is still good.
    """
    storage, desk, latch = installation.storage(), installation.desk, installation.latch
    asker, owner = (desk.roster.with_role(role)[0] for role in (Role.RISK_OFFICER, Role.OWNER))

    def code(person: Person) -> Code:
        return Code(recovery_codes[person.accounts[0].user].pop())

    cause = "practice:begin"
    asked = RequestRearm(storage, desk, latch)(asker, asker.accounts[0], REASON, cause, code(asker))
    if not isinstance(asked, Asked):
        raise NotBegun(why=asked.sentence)
    request_id = asked.request.id
    answer = AnswerRequest(storage, desk)
    agreed = answer(owner, owner.accounts[0], request_id, VoteWord.YES, code=code(owner))
    if not isinstance(agreed, ApprovalRequest):
        raise NotBegun(why=agreed.sentence)
    begun = ClearHalt(storage, desk, latch)(asker, request_id)
    if not isinstance(begun, ApprovalRequest):
        raise NotBegun(why=begun.sentence)
    return asker.name, owner.name
