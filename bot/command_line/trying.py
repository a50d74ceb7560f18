"""Commands that try the machinery: the offline trade, and the checks of this installation."""

from bot.command_line.acting import somebody
from bot.command_line.looking import Json, here
from bot.command_line.output import Output, progress, told
from bot.command_line.reporting import show_report


def smoke(as_json: Json = False) -> None:
    """The offline trade in seven steps, on the practice exchange alone; exit 1 when a step fails."""
    from bot.clock import system_clock
    from bot.configuration import load_config
    from bot.logs import warnings_to_stderr
    from bot.settings import Environment
    from bot.smoke import SmokeTrade

    with told():
        environment = Environment.from_environ()
    warnings_to_stderr(environment.secrets())
    with progress("the offline trade", 7) as reached:
        report = SmokeTrade(
            lambda: load_config(environment.config_folder).live_risk.limits(), system_clock, reached
        )()
    show_report(Output(as_json), "Smoke test", report)


def selftest(as_json: Json = False) -> None:
    """The checks of this installation and the offline trade, without any secret; kept for readiness."""
    import os
    import socket

    from bot.installation import check_record_key
    from bot.operations.selftest import note_selftest
    from bot.selftest import run_selftest

    installation = here()
    with told():
        check_record_key(installation)
    with progress("the self-test", 15) as made:
        report = run_selftest(os.environ, made)
    note_selftest(installation.storage(), installation.desk, report, socket.gethostname(), somebody())
    show_report(Output(as_json), "Self-test", report)
