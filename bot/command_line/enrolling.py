"""`peak-ops enrol`: a second factor, shown in this terminal and nowhere else."""

from typing import Annotated, Any

import typer

from bot.command_line.acting import somebody
from bot.command_line.looking import here
from bot.command_line.output import Exit, complain, told

ATTEMPTS_MAX = 3


def enrol(person: Annotated[str, typer.Argument(help="A name or id of people.toml.")]) -> None:
    """Enrol a person's second factor; exit 3 when two others must agree first, 1 when no code proved it."""
    from approvals.errors import FactorEnrolled, FactorNotAgreed
    from approvals.factor import Code, Secret
    from bot.installation import check_record_key
    from bot.operations.enrolment import EnrolFactor

    installation = here()
    with told():
        check_record_key(installation)  # the enrolment leaves a row in the record
        enrol_factor = EnrolFactor(installation.storage(), installation.desk)
        try:
            who, secret = enrol_factor.person(person), Secret.new()
            _show_secret(who.name, secret)
            for left in reversed(range(ATTEMPTS_MAX)):
                code = Code(typer.prompt("The code that the app shows now", default="", show_default=False))
                if enrolled := enrol_factor(who, secret, code, somebody()):
                    _show_enrolled(enrolled)
                    return
                complain(f"That is not its code. {'Try again.' if left else 'Nothing was enrolled.'}")
        except (FactorEnrolled, FactorNotAgreed) as error:
            complain(str(error))
            raise SystemExit(Exit.REFUSED) from None
    raise SystemExit(Exit.CHECK_SAID_NO)


def _show_secret(name: str, secret: Any) -> None:
    text = secret.reveal()
    groups = " ".join(text[at : at + 4] for at in range(0, len(text), 4))
    _say(f"Second factor of {name}. Only {name} should see this screen; it is not shown again.")
    _say(f"  Address for the app:  {secret.uri(name)}")
    _say(f"  Or typed, by time:    {groups}")


def _show_enrolled(enrolled: Any) -> None:
    from approvals.factor import TRIES_MAX

    since = f"from {enrolled.good_from:%Y-%m-%d %H:%M} UTC on" if enrolled.waits else "from now on"
    _say(f"Enrolled; it counts {since}.")
    _say(f"Your two words are “{enrolled.phrase}”. The form of an approval shows them to you alone;")
    _say("type no code into one that does not.")
    _say(f"Recovery codes, each good once in place of a code ({TRIES_MAX} wrong ones shut a request to you).")
    _say("Keep them on paper, away from the phone; they are not shown again:")
    for code in enrolled.recovery_codes:
        _say(f"    {code}")


def _say(line: str) -> None:
    """One line, never broken: what stands in it is copied."""
    from rich.console import Console

    Console(soft_wrap=True).print(line, markup=False, highlight=False, emoji=False)
