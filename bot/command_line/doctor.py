"""`peak-ops doctor`: what is right, what is wrong and what to do, for all that the desk needs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

from approvals.errors import ApprovalError
from bot.command_line.looking import Json
from bot.command_line.output import Exit, Output, told
from bot.errors import BotError
from trading.health import Check, Finding, HealthReport, Verdict, failed, passed, run_checks, warned

Probe = tuple[str, Callable[[], Finding]]
GATEWAY_READY_WITHIN_S = 20.0
GATEWAY_ENDS_WITHIN_S = 10.0
LOOK_EVERY_S = 0.1
COPY_ANEW = (
    "Copy the token anew from the app's settings: xoxb from Install App, xapp from Basic Information, "
    "App-Level Tokens."
)
# What Slack may say of any call, and what to do; the rest is about what was asked for.
SLACK_ADVICE = {
    "missing_scope": "Update the app's manifest from peak-ops manifest and install it again.",
    "ratelimited": "Wait a minute and run this again.",
    "invalid_auth": COPY_ANEW,
}
MANIFEST = Path(__file__).parent.parent.parent / "config" / "slack_manifest.json"


def doctor(as_json: Json = False) -> None:
    """Look at everything the desk needs; exit 1 when something is wrong."""
    from bot.clock import system_clock
    from bot.installation import read_installation
    from bot.redaction import Redactor
    from bot.settings import Environment, keep_practice_here

    with told():
        environment = Environment.from_environ()
        environment.require_for_run()
        keep_practice_here(environment)
        installation = read_installation(environment, system_clock)
    with suppress(BotError, ApprovalError):  # what keeps it from that is told below
        installation.database.require_current()
        installation.go_by_rules_in_force()
    slack = Slack(environment)
    checks = [
        *run_checks(slack.token_probes()).checks,
        *run_checks(slack.channel_probes(installation.desk.channels)).checks,
        *run_checks(slack.person_probes(installation.files.roster)).checks,
        *run_checks(_local_probes(installation)).checks,
        *run_checks(outlet_probes(installation)).checks,
        *_venue_checks(installation),
    ]
    redactor = Redactor(environment.secrets())  # a library's error may quote what it was given
    report = HealthReport.of(replace(check, detail=redactor.text(check.detail)) for check in checks)
    document = {
        "verdict": str(report.verdict),
        "checks": [
            {
                "name": c.name,
                "verdict": str(c.verdict),
                "detail": c.detail,
                "duration_ms": c.duration_ms,
                "advice": c.advice,
            }
            for c in report.checks
        ],
    }
    rows = [
        (c.name, str(c.verdict), c.detail, c.advice if c.verdict != "PASSED" else "") for c in report.checks
    ]
    Output(as_json).table(
        document, f"Doctor: {report.verdict}", ("what", "verdict", "found", "what to do"), rows
    )
    if report.verdict is not Verdict.PASSED:
        raise SystemExit(Exit.CHECK_SAID_NO)


class Slack:
    """Slack's own word on tokens, channels and people."""

    def __init__(self, environment: Any) -> None:
        from slack_sdk import WebClient

        self._environment = environment
        self._client = WebClient(
            token=environment.slack_bot_token.get_secret_value(),
            base_url=environment.slack_api_url,
            timeout=10,
            retry_handlers=[],  # whoever looks can look again
        )
        self._team = ""

    def token_probes(self) -> Iterator[Probe]:
        """The tokens and what they may do."""
        yield "bot token", lambda: _slack_told(self._bot_token, COPY_ANEW)
        yield "scopes", lambda: _slack_told(self._scopes, COPY_ANEW)
        if self._environment.slack_app_token is not None:
            yield "app token", lambda: _slack_told(self._app_token, COPY_ANEW)
        else:
            yield "signing secret", lambda: passed("set; commands come to /slack/events over HTTP")

    def channel_probes(self, channels: Any) -> Iterator[Probe]:
        """Each channel: there, and the bot in it."""
        for name in ("ops", "approvals", "alerts", "incidents", "reports"):
            look = partial(self._channel, name, getattr(channels, name))
            advice = (
                f"Correct [channels] {name} in config.toml: the id stands last in the channel's details. "
                "If it is right, the channel is private and the bot not in it: type /invite @Peak Ops there."
            )
            yield f"channel {name}", partial(_slack_told, look, advice)

    def person_probes(self, roster: Any) -> Iterator[Probe]:
        """Each account of each person, as Slack sees it."""
        advice = "Correct the account in people.toml: in Slack, the person's profile, Copy member ID."
        for person in roster:
            for account in person.accounts:
                yield f"person {person.name}", partial(_slack_told, partial(self._person, account), advice)

    def _bot_token(self) -> Finding:
        found = self._client.auth_test()
        self._team = str(found["team_id"])
        return passed(f"{found['user']} in {found['team']} ({self._team})")

    def _scopes(self) -> Finding:
        import json

        header = self._client.auth_test().headers.get("x-oauth-scopes", "")
        wanted = set(json.loads(MANIFEST.read_text("utf-8"))["oauth_config"]["scopes"]["bot"])
        granted = {scope.strip() for scope in str(header).split(",") if scope.strip()}
        if not granted:
            return warned(
                "Slack does not say which scopes the token has", "Compare them with peak-ops manifest."
            )
        if missing := sorted(wanted - granted):
            advice = "Update the app's manifest from peak-ops manifest and install it again."
            return failed(f"missing: {', '.join(missing)}", advice)
        if spare := sorted(granted - wanted):
            return warned(f"more than needed: {', '.join(spare)}", "Take them away in the app's settings.")
        return passed(f"all {len(wanted)}, and no more")

    def _app_token(self) -> Finding:
        token = self._environment.slack_app_token.get_secret_value()
        self._client.apps_connections_open(app_token=token)
        return passed("Socket Mode can be opened")

    def _channel(self, name: str, channel: str) -> Finding:
        if not channel:
            return failed("not set", f"Put its id into config.toml: [channels] {name}.")
        found = self._client.conversations_info(channel=channel)["channel"]
        if found.get("is_archived"):
            return failed(f"#{found['name']} is archived", "Unarchive it, or name another.")
        if not found.get("is_member"):
            return failed(
                f"the bot is not in #{found['name']}", f"Type /invite @Peak Ops in #{found['name']}."
            )
        return passed(f"#{found['name']}, and the bot is in it")

    def _person(self, account: Any) -> Finding:
        from bot.identity import verdict
        from bot.refusals import SENTENCES

        user = self._client.users_info(user=account.user)["user"]
        doubt = verdict(account, user)
        if doubt is not None:
            return failed(f"{account}: {SENTENCES[doubt]}", "Correct the account in people.toml.")
        return passed(f"{account} is {user.get('real_name') or user.get('name')}")


def _slack_told(look: Callable[[], Finding], advice: str) -> Finding:
    """What Slack refuses, or its silence, as a finding; `advice` is for what it refuses about this one."""
    from slack_sdk.errors import SlackApiError

    try:
        return look()
    except SlackApiError as error:
        why = str(error.response.get("error", "no reason given"))
        return failed(f"Slack refuses: {why}", SLACK_ADVICE.get(why, advice))
    except OSError as error:
        advice = "Check the network of this machine, its proxy and SLACK_API_URL."
        return failed(f"Slack does not answer: {error}", advice)


def _local_probes(installation: Any) -> Iterator[Probe]:
    from bot.installation import check_record_key
    from bot.lease import Holder, at_work
    from bot.settings import live_home_problem

    environment = installation.environment

    def home() -> Finding:
        problem = live_home_problem(environment)
        return (
            failed(problem, "Set it before a live start.")
            if problem
            else passed(str(environment.home_folder))
        )

    def halt() -> Finding:
        state = installation.latch.read()
        if state.engaged:
            return warned(f"halted: {state.reason}", "Two people clear it with /peak rearm <reason>.")
        return passed("not engaged")

    def keys() -> Finding:
        exchange = installation.desk.live_exchange
        if environment.credentials(exchange) is None:
            return failed(f"no key for {exchange}", "Set its API key and secret in the environment.")
        if environment.emergency_credentials(exchange) is None:
            advice = "Set its EMERGENCY key, so that a halt has a connection of its own."
            return warned(f"{exchange} has a trading key and no emergency key", advice)
        return passed(f"{exchange}: trading and emergency key are set")

    def bot() -> Finding:
        with installation.storage().reading() as tx:
            holder = Holder.of(tx.session)
            words = at_work(holder, tx.now)
        if holder is None or holder.given_back or holder.is_heard_of(tx.now):
            return passed(words)
        return warned(words, "Is it running? Look at its service, then at logs/peak-ops.log.")

    def record_key() -> Finding:
        check_record_key(installation)
        return passed("the one that the record is signed with")

    def factors() -> Finding:
        return second_factors(installation)

    yield "home", home
    yield "bot", bot
    yield "halt", halt
    yield "venue keys", keys
    yield "database", lambda: passed(f"revision {installation.database.require_current()}")
    yield "record key", record_key
    yield "in force", lambda: files_against_what_is_in_force(installation)
    yield "second factors", factors


def files_against_what_is_in_force(installation: Any) -> Finding:
    """What the three files have that two people have not agreed to, field by field."""
    from approvals.in_force import Kind
    from bot.operations.changes import difference
    from bot.operations.in_force import check_in_force

    with installation.storage().reading() as tx:
        check_in_force(tx)
        rules = tx.in_force.rules()
        kinds = [kind for kind in Kind if tx.in_force.get(kind) is not None]
    if rules is None:
        advice = "Two people begin it with /peak rearm <reason>; then what the files say is in force."
        return warned("nothing: this desk has not been begun", advice)
    files = installation.read_files()
    found = [difference(rules, files, kind) for kind in kinds]
    differing = [each for each in found if each.lines]
    if not differing:
        return passed("what people.toml, policy.toml and config.toml say")
    told = "; ".join(f"{each.kind}: {', '.join(each.lines)}" for each in differing)
    proposals = " or ".join(f"/peak {each.kind} propose <reason>" for each in differing)
    return warned(
        f"the files differ from it, and what is in force counts. {told}",
        f"Propose it with {proposals}, or put the file back. If nobody knows of it: halt.",
    )


def second_factors(installation: Any) -> Finding:
    """Who could not say yes for want of a second factor, where the policy asks for one."""
    if not any(rule.step_up for rule in installation.desk.policy.rules):
        return passed("the policy asks for none")
    with installation.storage().reading() as tx:
        able = [person for person in installation.desk.roster.desk if person.reachable]
        without = [person for person in able if tx.factors.may_prove(person.id, tx.now)]
    if without:
        names = ", ".join(person.name for person in without)
        return warned(
            f"none that counts now: {names}", "Each of them: peak-ops enrol <person>, at this machine."
        )
    return passed(f"{len(able)} people have one")


def outlet_probes(installation: Any) -> Iterator[Probe]:
    """The outlets, each tried with where the record ends now; nothing where none is set."""
    from bot.operations.anchoring import head_in_words
    from bot.outlets import Outlets

    outlets = Outlets(installation.environment)
    if not outlets.names:
        return

    def tried() -> Finding:
        with installation.storage().reading() as tx:
            title, text = head_in_words(
                tx.audit.head(), "doctor", tx.now, practice=installation.desk.practice
            )
        if failed_ones := outlets.send(title, text):
            advice = "Correct PEAK_OPS_OUTLETS in the environment, or look whether the service is there."
            return failed("; ".join(failed_ones), advice)
        return passed(f"{', '.join(outlets.names)}: told where the record ends")

    yield "outlets", tried


def _venue_checks(installation: Any) -> list[Check]:
    """What the gateway says of the venue, the key's rights and the clock; one is borrowed if none runs."""
    from trading.errors import TradingError
    from trading.gateway_files import running_gateways

    exchange = installation.desk.live_exchange
    environment = installation.environment
    try:
        if exchange in running_gateways(environment.home_folder):
            return list(installation.gateway(exchange).checks("live"))
        if environment.credentials(exchange) is None:
            return []  # said above, under the venue keys
        if not (environment.home_folder.is_dir() and _readable(installation)):
            detail = "not asked: its gateway needs the home and the database"
            return [Check(f"venue {exchange}", Verdict.FAILED, detail, 0, "Mend those first.")]
        with _borrowed_gateway(installation, exchange):
            return list(installation.gateway(exchange).checks("live"))
    except TradingError as error:
        advice = f"Look into logs/gateway-{exchange}.out and logs/peak-ops.log."
        return [Check(f"venue {exchange}", Verdict.FAILED, str(error), 0, advice)]


def _readable(installation: Any) -> bool:
    try:
        installation.database.require_current()
    except BotError:
        return False
    return True


@contextmanager
def _borrowed_gateway(installation: Any, exchange: str) -> Iterator[None]:
    """Run the account's gateway for as long as doctor looks: it alone may use the key."""
    from bot.gateway_launch import GatewayLauncher
    from trading.errors import TradingError

    process = GatewayLauncher(installation.environment, installation.settings_in_use).run(exchange)
    deadline = monotonic() + GATEWAY_READY_WITHIN_S
    try:
        while process.poll() is None and monotonic() < deadline:
            try:
                if installation.gateway(exchange).status().ready:
                    break
            except TradingError:
                Event().wait(LOOK_EVERY_S)  # its socket is not there yet
        yield
    finally:
        process.terminate()
        process.wait(GATEWAY_ENDS_WITHIN_S)
