"""This desk on this machine: environment, configuration, people, database and latch, without Slack."""

import hashlib
import importlib.metadata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from approvals.errors import InForceForged
from approvals.events import SYSTEM
from approvals.in_force import Kind, Rules
from bot.config_in_force import Settings, as_in_force, settings_of
from bot.configuration import DeskConfig, load_config
from bot.database import Database
from bot.errors import ConfigError
from bot.operations.clearing import was_at_work
from bot.operations.desk import Channels, Desk, StrategyChoice
from bot.operations.in_force import check_in_force, put_in_force
from bot.people import load_rules
from bot.settings import Environment, practice
from bot.storage import HighestTime, Keys, Storage
from trading.gateway_client import GatewayClient
from trading.gateway_files import socket_path
from trading.killswitch import Latch
from trading.paper_account import paper_account
from trading.strategy import search_path, source_digest

PACKAGES = Path(__file__).parent.parent
GATEWAY_TIMEOUT_S = 10
# The revision of the database with which roster and policy came to be agreed to.
IN_FORCE_SINCE = "0007"
VENUES_OWN = "the venue's own"


@dataclass(slots=True)
class Installation:
    """Everything that was read at start; nothing in it has touched Slack or a venue.

    `config` is what the bot goes by: that in force, once it was looked for, and else the file's.
    """

    environment: Environment
    config: DeskConfig
    files: Rules
    desk: Desk
    database: Database
    latch: Latch
    keys: Keys
    clock: Callable[[], datetime]
    highest: HighestTime = field(default_factory=HighestTime)

    def begin(self) -> None:
        """Make the home, and bring the tables to this program's revision; whoever only looks does neither.

        A desk from before something was agreed to keeps its own: that of its files is in force from now on.
        """
        self.environment.home_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        before = self.database.current()
        self.database.upgrade()
        check_record_key(self)
        if self.go_by_rules_in_force() or self._is_from_before(before):
            self.take_files_as_in_force()

    def go_by_rules_in_force(self) -> bool:
        """Have the desk go by what was agreed to; False while nothing was.

        Raises InForceForged, InForceReplaced, or ConfigError for another secret key.
        """
        try:
            with self.storage().reading() as tx:
                check_in_force(tx)
                rules = tx.in_force.rules()
        except InForceForged:
            check_record_key(self)  # the likelier reason, and one that can be mended
            raise
        if rules is None:
            return False
        self.desk.goes_by(replace(rules, roster=rules.roster.reached_as_in(self.files.roster)))
        self.go_by_settings(rules.settings)
        return True

    def go_by_settings(self, settings: Settings) -> None:
        """Have the desk, and every gateway that is started, go by these settings and not by the file's."""
        if (in_force := as_in_force(self.config, settings)) != self.config:
            self.config = in_force
            self.desk.is_set_up_as(read_desk(self.environment, in_force, self.files))

    def settings_in_use(self) -> Settings:
        """What a gateway that is started now has to go by: all that the bot itself goes by."""
        return settings_of(self.config)

    def _is_from_before(self, revision: str | None) -> bool:
        """Whether this desk was at work without a roster in force; a crash may have come in between."""
        with self.storage().reading() as tx:
            return (revision is not None and revision < IN_FORCE_SINCE) or was_at_work(tx)

    def take_files_as_in_force(self) -> None:
        """Let the files count for whatever was not in force before, as recorded."""
        with self.storage().reading() as tx:
            missing = [kind for kind in Kind if tx.in_force.get(kind) is None]
        if not missing:
            return
        with self.storage().transaction() as tx:
            for kind in missing:
                put_in_force(tx, kind, self.files.value(kind), "the files", SYSTEM)
        self.go_by_rules_in_force()

    def read_files(self) -> Rules:
        """What the files propose now; raises ConfigError."""
        folder = self.environment.config_folder
        return replace(load_rules(folder), settings=settings_of(load_config(folder)))

    def storage(self, committed: Callable[[], None] = lambda: None) -> Storage:
        """Transactions over all stores; `committed` hears of each one that wrote."""
        return Storage(
            self.database,
            self.keys,
            self.clock,
            practice=self.desk.practice,
            committed=committed,
            highest=self.highest,
        )

    def gateway(self, exchange: str) -> GatewayClient:
        """The gateway of an account, whoever started it; calls raise GatewayGone when nobody answers."""
        return GatewayClient(socket_path(self.environment.home_folder, exchange), GATEWAY_TIMEOUT_S)


def read_installation(environment: Environment, clock: Callable[[], datetime]) -> Installation:
    """Read the configuration; home and database are neither made nor opened. Raises ConfigError."""
    config = load_config(environment.config_folder)
    environment.check_pairs(config.exchange.by_name)
    files = replace(load_rules(environment.config_folder), settings=settings_of(config))
    desk = read_desk(environment, config, files)
    return Installation(
        environment=environment,
        config=config,
        files=files,
        desk=desk,
        database=Database(environment.database_url),
        latch=Latch(environment.home_folder),
        keys=read_keys(environment),
        clock=clock,
    )


def read_keys(environment: Environment) -> Keys:
    """The keys of record and factors, each derived from the secret key; raises ConfigError without one."""
    if environment.secret_key is None:
        allowed = "the record is signed with it; set it, or use `make demo`, which makes one"
        raise ConfigError(file="environment", key="PEAK_OPS_SECRET_KEY", value="(not set)", allowed=allowed)
    secret = environment.secret_key.get_secret_value().encode()
    return Keys(*(hashlib.sha256(use + secret).digest() for use in (b"record:", b"factors:")))


def check_record_key(installation: Installation) -> None:
    """Raise ConfigError when the record was signed with another key: one row more would break its chain."""
    with installation.storage().reading() as tx:
        newest = tx.audit.recent(1)
    if newest and not newest[0].signed_with(installation.keys.record):
        allowed = (
            "the record in this database is signed with another key, and a row of this one would break it; "
            "set the key that the desk had before, or begin with an empty database"
        )
        raise ConfigError(file="environment", key="PEAK_OPS_SECRET_KEY", value="...", allowed=allowed)


def read_desk(environment: Environment, config: DeskConfig, files: Rules) -> Desk:
    """Put what operations need to know into one place; raises ConfigError."""
    live = config.exchange_of("live")
    if live is None:
        file = str(environment.config_folder / "config.toml")
        raise ConfigError(file=file, key="stages.live", value="(not set)", allowed="name the live exchange")
    search = strategies_path(environment)
    return Desk(
        roster=files.roster,
        policy=files.policy,
        limits=config.live_risk.limits(),
        caps=config.live_risk.caps(),
        shadow_account=paper_account(shadow) if (shadow := config.exchange_of("shadow")) else "",
        channels=Channels(**config.channels.as_dict()),
        live_exchange=live,
        venue_url=config.exchange.by_name[live].api_url or VENUES_OWN,
        symbols=tuple(config.desk.symbols),
        strategies=tuple(_choice(config, name, search) for name in config.strategies),
        timezone=config.desk.timezone,
        code_version=code_version(),
        practice=practice(environment, config),
        settings_digest=config.settings_digest(live),
        begun=False,
        settings=files.settings,
        stages=config.stages.as_dict(),
    )


def strategies_path(environment: Environment) -> tuple[str, ...]:
    """Where strategies are found, by their digest and by the processes that run them."""
    return search_path(environment.config_folder / "strategies")


def code_version() -> str:
    """The release and a digest of the code that runs, so that an edit on the host shows."""
    total = hashlib.sha256()
    for package in ("approvals", "bot", "trading"):
        for path in sorted((PACKAGES / package).rglob("*.py")):
            total.update(path.relative_to(PACKAGES).as_posix().encode())
            total.update(path.read_bytes())
    return f"{importlib.metadata.version('peak-ops')}+{total.hexdigest()[:12]}"


def _choice(config: DeskConfig, name: str, search: Sequence[str]) -> StrategyChoice:
    spec = config.strategy_spec(name)
    if spec is None:
        raise ConfigError(
            file="config.toml", key=f"strategies.{name}", value=name, allowed="it must be configured"
        )
    return StrategyChoice(name, spec.class_path, spec.parameters, source_digest(spec.class_path, search))
