"""`peak-ops drill`: files a drill that Slack then shows; its people answer there, the asker too."""

from typing import Annotated, Any

import typer

from bot.command_line.acting import somebody
from bot.command_line.looking import Json, here
from bot.command_line.output import Exit, Output, complain, told

drill = typer.Typer(help="Practise what must work at night.", no_args_is_help=True)


@drill.callback()
def practise() -> None:
    """What stands before the kind of drill."""


@drill.command("approval")
def drill_approval(
    by: Annotated[
        str, typer.Option("--by", help="Who asks, by name; that person's own yes follows in Slack.")
    ],
    as_json: Json = False,
) -> None:
    """Ask for an answer as at a live start; no yes comes from a shell, and nothing is started."""
    from bot.installation import check_record_key
    from bot.operations.desk import Refused
    from bot.operations.drill import RequestDrill

    installation = here()
    with told():
        check_record_key(installation)
    person = named(installation.desk.roster, by)
    outcome = RequestDrill(installation.storage(), installation.desk).from_shell(person, somebody())
    if isinstance(outcome, Refused):
        complain(outcome.sentence)
        raise SystemExit(Exit.REFUSED)
    request = outcome.request
    line = f"Asked as “{request.name}”. It carries no yes: {person.name} gives the first one on its card."
    Output(as_json).show({"id": request.id, "name": request.name, "state": request.state}, [line])


def named(roster: Any, name: str) -> Any:
    """The person of this name; anybody else ends the command with exit code 2."""
    for person in roster:
        if name.casefold() in (person.name.casefold(), person.id):
            return person
    complain(f"Nobody on the roster is called {name!r}: {', '.join(person.name for person in roster)}.")
    raise SystemExit(Exit.WRONG_USE)
