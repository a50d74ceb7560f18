"""The bot put together: every part made once, here, from an installation and Slack's client."""

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from slack_bolt import App
from slack_sdk import WebClient

from approvals.in_force import Kind
from bot.anchor_file import AnchorFile
from bot.chart import draw_equity
from bot.delivery import Outbox
from bot.dispatch import Dispatcher
from bot.gateway_launch import GatewayLauncher
from bot.halt_route import HaltOrder, HaltRoute
from bot.halt_watch import HaltWatch
from bot.identity import Identity, slack_users_info
from bot.inbox import Inbox
from bot.ingress import Ingress
from bot.installation import Installation, strategies_path
from bot.lease import Lease
from bot.listeners.answers import AnswerListeners
from bot.listeners.card_press import CardPress
from bot.listeners.changes import ChangeListeners
from bot.listeners.desk import DeskListeners
from bot.listeners.drills import DrillListeners
from bot.listeners.front import Front, answered_once
from bot.listeners.jobs import Jobs
from bot.listeners.live import LiveListeners
from bot.listeners.pausing import PauseListeners, ResumeListeners
from bot.listeners.requests import RequestListeners
from bot.listeners.sessions import SessionListeners
from bot.listeners.shadow import ShadowListeners
from bot.logs import Logs
from bot.metrics import Metrics
from bot.operations.alerts import AcknowledgeAlert
from bot.operations.anchoring import CompareAnchors, NoteHead
from bot.operations.approved import Approved
from bot.operations.changes import ProposeChange, PutInForce
from bot.operations.claimed import FinishClaimed
from bot.operations.desk import ACTIVATE, DRILL, RESUME
from bot.operations.drill import FinishDrill, RequestDrill
from bot.operations.factor_change import RequestFactor
from bot.operations.forged import CheckPressed
from bot.operations.halt import ClearHalt, RecordHalt, RequestRearm
from bot.operations.health import CheckHealth, DeskChecks, Machine
from bot.operations.limits import LimitSteps, TightenLimits
from bot.operations.live import GoLive, RequestLive
from bot.operations.look import Look
from bot.operations.pausing import PauseSession
from bot.operations.reminders import RemindAwaited
from bot.operations.requests import (
    AnswerRequest,
    ExpireRequests,
    NoteStranger,
    ReadRequests,
    WithdrawRequest,
)
from bot.operations.resuming import RequestResume, ResumeLive
from bot.operations.sessions import StopSession, silent_sessions
from bot.operations.shadow import StartShadow
from bot.operations.starting import Start
from bot.operations.status import ReadStatus
from bot.operations.step_up import StepUp
from bot.operations_log import OperationsLog
from bot.outlets import Outlets
from bot.projector import Projector
from bot.rehearsal import Rehearsal
from bot.release_files import ReleaseFiles
from bot.renderers import Renderers
from bot.slack_app import BotAccount, build_app
from bot.storage import Storage
from bot.transports.slack_link import LinkState
from bot.troubles import Troubles
from trading.errors import TradingError
from trading.gateway_client import GatewayClient
from trading.gateway_files import socket_path
from trading.halt import halt_exchange
from trading.paper_account import DUMMY, exchange_of
from trading.supervisor import Supervisor
from trading.wire import HaltProof

log = logging.getLogger(__name__)

GATE_ANSWER_S = 0.5
CARD_WAITS_S = 1.0


@dataclass(frozen=True, slots=True)
class Bot:
    """Every part that has a life of its own, in the order in which they are started."""

    installation: Installation
    storage: Storage
    app: App
    inbox: Inbox
    dispatcher: Dispatcher
    ingress: Ingress
    outbox: Outbox
    supervisor: Supervisor
    projector: Projector
    halt_watch: HaltWatch
    metrics: Metrics
    status: ReadStatus
    health: CheckHealth
    expire: ExpireRequests
    remind: RemindAwaited
    finish_claimed: FinishClaimed
    stop: StopSession
    troubles: Troubles
    lease: Lease
    link: LinkState
    compare_anchors: CompareAnchors


def build(
    installation: Installation, client: WebClient, account: Callable[[], BotAccount], logs: Logs, lease: Lease
) -> Bot:
    """Wire everything; nothing runs yet and nothing has been asked of Slack or a venue."""
    desk, clock, latch = installation.desk, installation.clock, installation.latch
    home = installation.environment.home_folder
    metrics, launcher = Metrics(), GatewayLauncher(installation.environment, installation.settings_in_use)
    supervisor = _supervisor(installation, launcher, lease)
    workspace_url = _workspace_url(account)
    status = ReadStatus(installation.storage(), desk, latch, supervisor.gateway, workspace_url)
    troubles = Troubles(installation.storage(), desk)
    outbox = _outbox(installation, client, supervisor, status, troubles, metrics, workspace_url)
    storage = installation.storage(committed=outbox.wake)
    machine, link = Machine(home), LinkState(over_http=not installation.environment.socket_mode)
    checks = DeskChecks(storage, desk, latch, machine, link.finding)
    look = Look(desk, checks, supervisor.gateway, supervisor.preview)
    note_head = _note_head(installation, storage)
    health = CheckHealth(storage, desk, checks, machine, supervisor.gateway, note_head)
    stop, note = StopSession(storage, desk, supervisor.gateway), NoteStranger(storage)
    record_halt = RecordHalt(storage, desk, (desk.live_exchange,), Prover(home, supervisor, launcher))
    halt_watch, app = HaltWatch(latch, record_halt, clock), build_app(client, account)
    inbox = Inbox(installation.database, clock)
    dispatcher = Dispatcher(app, inbox, tell=troubles.failed)
    inbox.on_saved = dispatcher.offer
    halt_route = HaltRoute(
        latch,
        lambda: desk.roster,
        clock,
        gates=lambda: {desk.live_exchange: GateCheck(home, desk.live_exchange)},
        on_halt=halt_watch.halted,
        on_refused=lambda refused: note(refused.account, "halt", refused.cause, "not on the roster"),
        on_unanswered=troubles.unanswered,
    )
    _listen(
        app,
        Front(Identity(lambda: desk.roster, slack_users_info(client)), storage, note),
        installation,
        storage,
        inbox,
        look,
        health,
        stop,
        status,
        workspace_url,
        supervisor,
        link,
    )
    return Bot(
        installation=installation,
        storage=storage,
        app=app,
        inbox=inbox,
        dispatcher=dispatcher,
        ingress=Ingress(inbox, dispatcher, halt_route, metrics),
        outbox=outbox,
        supervisor=supervisor,
        projector=Projector(storage, desk, _followers(installation, logs, storage, note_head)),
        halt_watch=halt_watch,
        metrics=metrics,
        status=status,
        health=health,
        expire=ExpireRequests(storage, desk),
        remind=RemindAwaited(storage, desk),
        finish_claimed=FinishClaimed(storage, desk, latch),
        stop=stop,
        troubles=troubles,
        lease=lease,
        link=link,
        compare_anchors=CompareAnchors(storage, desk, latch, note_head.file),
    )


def _note_head(installation: Installation, storage: Storage) -> NoteHead:
    """What notes the head of the record, in the home and through the outlets."""
    file = AnchorFile(installation.environment.home_folder, installation.keys.record)
    return NoteHead(storage, installation.desk, file, Outlets(installation.environment).tell)


def _followers(
    installation: Installation, logs: Logs, storage: Storage, note_head: NoteHead
) -> Callable[[], None]:
    """What is written to files from the record, behind the projector."""
    home, desk = installation.environment.home_folder, installation.desk
    releases = ReleaseFiles(home, storage, desk, note_head)
    operations_log = OperationsLog(home / "logs" / "operations.log", logs, storage, desk)

    def follow() -> None:
        releases.follow()  # first: it tells by itself of a full disk
        operations_log.follow()

    return follow


def _outbox(
    installation: Installation,
    client: WebClient,
    supervisor: Supervisor,
    status: ReadStatus,
    troubles: Troubles,
    metrics: Metrics,
    workspace_url: Callable[[], str | None],
) -> Outbox:
    """What Slack is told: cards are drawn from a storage of their own, which wakes nobody."""
    desk = installation.desk

    def now() -> tuple[Mapping[str, Decimal], Collection[str]]:
        return account_now(supervisor.gateway(desk.live_exchange).socket_path, desk.symbols)

    return Outbox(
        installation.database,
        client,
        Renderers(installation.storage(), desk, now, status).by_kind(),
        installation.clock,
        draw=lambda chart: draw_equity(chart.points, chart.currency),
        metrics=metrics,
        on_undeliverable=troubles.undeliverable,
        workspace_url=workspace_url,
    )


def _workspace_url(account: Callable[[], BotAccount]) -> Callable[[], str | None]:
    """Where Slack shows this workspace; nowhere until Slack has said who the bot is."""
    return lambda: account().workspace_url


def _supervisor(installation: Installation, launcher: GatewayLauncher, lease: Lease) -> Supervisor:
    return Supervisor(
        installation.environment.home_folder,
        installation.database,
        installation.clock,
        launcher.run,
        exchanges=(installation.desk.live_exchange,),
        strategies=strategies_path(installation.environment),
        settings=_settings(installation),
        may_act=lambda: lease.held,
        may_start=Approved(installation.storage()),
    )


def _settings(installation: Installation) -> dict[str, str]:
    """The digest of the settings that each account's gateway should go by."""
    desk, config = installation.desk, installation.config
    paper = {name: config.settings_digest(exchange_of(name)) for name in (desk.shadow_account, DUMMY) if name}
    return {desk.live_exchange: desk.settings_digest, **paper}


def _listen(
    app: App,
    front: Front,
    installation: Installation,
    storage: Storage,
    inbox: Inbox,
    look: Look,
    health: CheckHealth,
    stop: StopSession,
    status: ReadStatus,
    workspace_url: Callable[[], str | None],
    supervisor: Supervisor,
    link: LinkState,
) -> None:
    """Register every listener; the last one hears what no other did."""
    app.middleware(answered_once(storage))
    desk, latch = installation.desk, installation.latch
    step_up, rehearsal = StepUp(storage, desk), Rehearsal(look, supervisor.preview)
    jobs = Jobs(inbox, installation.keys.record)
    start = Start(desk, latch, GatewayInForce(installation), alone=lambda: link.is_ours_alone)
    LiveListeners(front, desk, RequestLive(storage, desk, rehearsal, latch), step_up, jobs).register(app)
    ShadowListeners(front, StartShadow(storage, desk, latch, supervisor.wake)).register(app)
    PauseListeners(front, PauseSession(storage, desk)).register(app)
    resume = RequestResume(storage, desk, rehearsal.readiness, latch)
    ResumeListeners(front, resume, step_up, jobs).register(app)
    reader = ReadRequests(storage, desk, workspace_url)
    steps = LimitSteps(storage, desk, lambda: supervisor.gateway(desk.live_exchange).limits_in_use())
    settle = Settle(installation, supervisor)
    press = CardPress(front, CheckPressed(storage, desk))
    AnswerListeners(front, press, AnswerRequest(storage, desk), practice=desk.practice).register(app)
    RequestListeners(
        front,
        press,
        reader,
        WithdrawRequest(storage, desk),
        {
            ACTIVATE: GoLive(storage, desk, start, supervisor.wake),
            RESUME: ResumeLive(storage, desk, start),
            "rearm": ClearHalt(storage, desk, latch),
            DRILL: FinishDrill(storage, desk),
            **dict.fromkeys(
                (kind.action for kind in Kind),
                PutInForce(storage, desk, installation.read_files, steps, settle),
            ),
        },
        RequestRearm(storage, desk, latch),
        step_up,
    ).register(app)
    DrillListeners(front, RequestDrill(storage, desk), step_up).register(app)
    propose = ProposeChange(storage, desk, installation.read_files, steps)
    tighten = TightenLimits(storage, desk, lambda: installation.read_files().value(Kind.LIMITS), settle)
    ChangeListeners(front, propose, tighten, RequestFactor(storage, desk), step_up).register(app)
    SessionListeners(front, stop).register(app)
    DeskListeners(front, status, health, look, AcknowledgeAlert(storage, desk)).register(app)


@dataclass(frozen=True, slots=True)
class GateCheck:
    """Shuts one gateway's gate, whatever could be written; raises TradingError when it does not say so."""

    home: Path
    exchange: str

    def __call__(self, order: HaltOrder) -> None:
        """Return once the gateway has said that no new order begins; its halt is under way then."""
        client = GatewayClient(socket_path(self.home, self.exchange), timeout_s=GATE_ANSWER_S)
        client.shut(order.reason, order.by, order.at, order.cause)


@dataclass(frozen=True, slots=True)
class GatewayInForce:
    """The gateway of the live account, asked for what it goes by."""

    installation: Installation

    def goes_by(self, settings_digest: str) -> bool:
        """Whether it answers and was started with these settings."""
        client = self.installation.gateway(self.installation.desk.live_exchange)
        try:
            return client.status().settings_digest == settings_digest
        except TradingError:
            return False


@dataclass(frozen=True, slots=True)
class Settle:
    """Has the running desk go by what was just put in force: limits at once, the rest from the next start."""

    installation: Installation
    supervisor: Supervisor

    def __call__(self, kind: Kind) -> None:
        """The gateway takes tighter limits in its stride; for wider ones the supervisor replaces it."""
        if kind is not Kind.LIMITS:
            return
        desk = self.installation.desk
        exchange, before = desk.live_exchange, desk.settings_digest
        self.installation.go_by_settings({kind: desk.settings[kind]})
        self.supervisor.accept(exchange, before, desk.settings_digest)
        try:
            self.supervisor.gateway(exchange).tighten(desk.limits, desk.settings_digest)
        except TradingError as error:
            log.info("the gateway keeps its limits until it is replaced: %s", error)
        self.supervisor.accept(exchange, desk.settings_digest)


@dataclass(frozen=True, slots=True)
class Prover:
    """Has one account prove a halt, whatever state its gateway is in."""

    home: Path
    supervisor: Supervisor
    launcher: GatewayLauncher

    def __call__(self, exchange: str, reason: str) -> HaltProof:
        """Ask the gateway, or end it and let the emergency connection do it."""
        client = self.supervisor.gateway(exchange)
        return halt_exchange(exchange, self.home, client, self.launcher.halt, reason=reason)


def account_now(socket: Path, symbols: tuple[str, ...]) -> tuple[Mapping[str, Decimal], Collection[str]]:
    """What each symbol could be sold for, and which sessions are silent; nothing when no gateway answers.

    A card without prices at once is worth more than one with them when a slow venue has answered.
    """
    client = GatewayClient(socket, timeout_s=CARD_WAITS_S)
    silent: Collection[str] = ()
    try:
        silent = silent_sessions(client.status())
        return {symbol: client.ticker(symbol).bid for symbol in symbols}, silent
    except TradingError:
        return {}, silent
