"""config.toml: venues, stages, strategies, limits, hours, channels of one desk."""

import re
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from approvals.payload import canonical, digest
from bot.errors import ConfigError
from bot.mistakes import closest, config_error, shown
from bot.settings import sound_url
from bot.toml import read_toml
from trading.errors import TradingError
from trading.limits import LIMIT_NAMES, RiskLimits
from trading.order_caps import ORDERS_A_DAY, ORDERS_AN_HOUR, OrderCaps
from trading.paper_account import DUMMY as DUMMY_ACCOUNT
from trading.paper_account import SUFFIX as PAPER
from trading.paper_account import exchange_of as exchange_of_account
from trading.strategy import SHIPPED, StrategySpec, load

FILE = "config.toml"
NAME = r"[a-z][a-z0-9_]{0,39}"
SYMBOL = r"[A-Z0-9]{2,12}/[A-Z0-9]{2,12}"
CHANNEL = r"[CG][A-Z0-9]{7,20}"
CLASS_PATH = r"[A-Za-z_][\w.]*:[A-Za-z_]\w*"
ORDER_VENUES = ("kraken",)
DUMMY = exchange_of_account(DUMMY_ACCOUNT)
AMOUNT_MAX = Decimal(10) ** 12
DECIMALS_MAX = 12

NAME_ALLOWED = "it must be a name of small letters, digits and _ (at most 40)"
ZONE_ALLOWED = "it must be a zone of the IANA list, such as Europe/Berlin or UTC"
AMOUNT_ALLOWED = (
    f"it must be a number over 0, at most {AMOUNT_MAX:f}, "
    f"with at most {DECIMALS_MAX} decimals and without quotes"
)


def _amount(value: object) -> Decimal:
    """An exact number; text, booleans, NaN, infinities and -0 are none."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("no number")
    number = Decimal(value)
    if not number.is_finite() or not 0 < number <= AMOUNT_MAX:
        raise ValueError("out of range")
    if -int(number.normalize().as_tuple().exponent) > DECIMALS_MAX:
        raise ValueError("too many decimals")
    return number


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, LookupError) as error:
        raise ValueError("no such zone") from error
    return name


def _parameter(value: object) -> str:
    """A parameter as its text: the strategy's constructor says what type it wants."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not Decimal(value).is_finite():
        raise ValueError("no parameter")
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


Zone = Annotated[str, AfterValidator(_zone)]
Amount = Annotated[Decimal, BeforeValidator(_amount)]
Name = Annotated[str, Field(pattern=f"^{NAME}$")]
Channel = Annotated[str, Field(pattern=f"^({CHANNEL})?$")]
CHANNEL_ALLOWED = (
    "it must be a channel's id, such as C0123456789 (in Slack: open channel details, at the end)"
)


class Table(BaseModel):
    """A table of the file: every key known, every type exact."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Desk(Table):
    """The desk itself."""

    timezone: Zone = Field(description=ZONE_ALLOWED)

    symbols: list[Annotated[str, Field(pattern=f"^{SYMBOL}$")]] = Field(
        default=["BTC/USD", "ETH/USD"],
        min_length=1,
        max_length=100,
        description='it must be a list of 1 to 100 pairs, such as ["BTC/USD", "ETH/USD"]',
    )

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which the desk's day rolls and its hours are meant."""
        return ZoneInfo(self.timezone)


class Schedule(Table):
    """What happens at which local hour."""

    health_report: str = Field(
        pattern=r"^([01]\d|2[0-3]):[0-5]\d$",
        description='it must be an hour of the day in quotes, "00:00" to "23:59"',
    )


class Channels(Table):
    """Where messages go, by channel id; empty while nobody has filled them in."""

    ops: Channel = Field("", description=CHANNEL_ALLOWED)
    approvals: Channel = Field("", description=CHANNEL_ALLOWED)
    alerts: Channel = Field("", description=CHANNEL_ALLOWED)
    incidents: Channel = Field("", description=CHANNEL_ALLOWED)
    reports: Channel = Field("", description=CHANNEL_ALLOWED)

    def as_dict(self) -> dict[str, str]:
        """Name to id."""
        return {name: getattr(self, name) for name in type(self).model_fields}


class Exchange(Table):
    """One venue account."""

    venue: str = Field(
        pattern=r"^[a-z][a-z0-9]{1,39}$",
        description="it must be the id that ccxt gives the venue, such as kraken",
    )
    api_url: Annotated[str, AfterValidator(sound_url)] | None = Field(
        None, description="it must be an https address (http on this machine alone: 127.0.0.1 or localhost)"
    )
    rate_limit_ms: int = Field(1000, ge=0, le=60_000, description="it must be a whole number, 0 to 60000")
    timeout_s: int = Field(10, ge=1, le=120, description="it must be a whole number, 1 to 120")


class Exchanges(BaseModel):
    """What holds for all venues, and a table each."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True)
    __pydantic_extra__: dict[str, Exchange] = Field(init=False)
    default_type: Literal["spot"] = Field("spot", description='it must be "spot"')
    entry_type: ClassVar[Any] = staticmethod(lambda: Exchange)

    @property
    def by_name(self) -> dict[str, Exchange]:
        """Every `[exchange.<name>]`."""
        return self.__pydantic_extra__


class Stages(Table):
    """Which exchange serves which stage."""

    shadow: Name | None = Field(None, description="it must name an [exchange.<name>] of this file")
    testnet: Name | None = Field(None, description="it must name an [exchange.<name>] of this file")
    live: Name | None = Field(None, description="it must name an [exchange.<name>] of this file")

    def as_dict(self) -> dict[str, str]:
        """Stage to exchange, for the stages that have one."""
        return {name: value for name in type(self).model_fields if (value := getattr(self, name))}


class Strategy(Table):
    """A strategy and its parameters; one that is shipped needs no class."""

    class_path: str | None = Field(
        None,
        alias="class",
        pattern=f"^{CLASS_PATH}$",
        description='it must be written "module:Class", such as "desk_strategies.breakout:Breakout"',
    )
    parameters: dict[Name, Annotated[str, BeforeValidator(_parameter)]] = Field(
        default_factory=dict,
        description="a parameter has a name of small letters and is a number or a text",
    )


class Profile(Table):
    """A testnet run, ready to start by its name."""

    strategy: Name = Field(description="it must name a [strategies.<name>] of this file")
    symbol: str = Field(pattern=f"^{SYMBOL}$", description="it must be a pair such as BTC/EUR")
    timeframe: Literal["1m", "5m", "15m", "1h"] = Field(description="it must be 1m, 5m, 15m or 1h")
    minutes: int = Field(ge=1, le=240, description="it must be a whole number, 1 to 240")
    notional: Annotated[Amount, Field(le=1000)] = Field(
        description="it must be a number over 0, at most 1000"
    )
    trades: int = Field(ge=1, le=50, description="it must be a whole number, 1 to 50")


class LiveRisk(Table):
    """The limits with which a fresh desk begins."""

    currency: str = Field(pattern=r"^[A-Z]{3,5}$", description="it must be a currency such as USD or EUR")
    max_order_notional: Amount = Field(description=AMOUNT_ALLOWED)
    max_symbol_exposure: Amount = Field(description=AMOUNT_ALLOWED)
    max_total_exposure: Amount = Field(description=AMOUNT_ALLOWED)
    max_daily_loss_abs: Amount = Field(description=AMOUNT_ALLOWED)
    max_daily_loss_pct: Annotated[Amount, Field(le=100)] = Field(
        description="it must be a percentage over 0, at most 100, without quotes"
    )

    max_orders_per_hour: int = Field(
        ORDERS_AN_HOUR, ge=1, le=1000, description="it must be a whole number, 1 to 1000"
    )
    max_orders_per_day: int = Field(
        ORDERS_A_DAY, ge=1, le=10_000, description="it must be a whole number, 1 to 10000"
    )

    def caps(self) -> OrderCaps:
        """How many orders one live session may send."""
        return OrderCaps(self.max_orders_per_hour, self.max_orders_per_day)

    def limits(self) -> RiskLimits:
        """These figures as the limits that trading checks against."""
        return RiskLimits(self.currency, **{name: getattr(self, name) for name in LIMIT_NAMES})


class DeskConfig(Table):
    """The whole of config.toml."""

    desk: Desk = Field(description="it must be a table")
    schedule: Schedule = Field(description="it must be a table")
    channels: Channels = Field(default_factory=Channels, description="it must be a table")
    exchange: Exchanges = Field(
        description="every [exchange.<name>] must be a table; only default_type stands alone"
    )
    stages: Stages = Field(description="it must be a table of stages: shadow, testnet, live")
    strategies: dict[Name, Strategy] = Field(description=NAME_ALLOWED)
    profiles: dict[Name, Profile] = Field(default_factory=dict, description=NAME_ALLOWED)
    live_risk: LiveRisk = Field(description="it must be a table")

    def exchange_of(self, stage: str) -> str | None:
        """The name of the exchange that serves a stage; None when none does."""
        return self.stages.as_dict().get(stage)

    def strategy_spec(self, name: str) -> StrategySpec | None:
        """A configured strategy, ready to load; None for a name that is not configured."""
        strategy = self.strategies.get(name)
        if strategy is None:
            return None
        class_path = strategy.class_path or SHIPPED[name]
        return StrategySpec(name, class_path, tuple(sorted(strategy.parameters.items())))

    def settings_digest(self, exchange: str) -> str:
        """The digest of what the gateway of an exchange goes by, the same for the bot and for the gateway."""
        venue = self.exchange.by_name.get(exchange)
        limits = self.live_risk.limits()
        settings = {
            "limits": {name: getattr(limits, name) for name in ("currency", *LIMIT_NAMES)},
            "order_caps": self.live_risk.caps().as_value(),
            "venue": [venue.venue, venue.api_url or ""] if venue else [],
            "timezone": self.desk.timezone,
            "stages": self.stages.as_dict(),
        }
        return digest(canonical(settings))

    def require_channels(self) -> None:
        """Raise ConfigError for the first channel that nobody has filled in."""
        for name, channel in self.channels.as_dict().items():
            if not channel:
                raise ConfigError(
                    file=FILE, key=f"channels.{name}", value="(not set)", allowed=CHANNEL_ALLOWED
                )


def load_config(folder: Path) -> DeskConfig:
    """Read config.toml of a folder; raises ConfigError naming file, key, value and what is allowed."""
    path = folder / FILE
    table = read_toml(path)
    try:
        config = DeskConfig.model_validate(table)
    except ValidationError as error:
        raise config_error(str(path), DeskConfig, error) from None
    _check_references(str(path), config)
    return config


def _check_references(file: str, config: DeskConfig) -> None:
    """Refuse names that lead nowhere."""
    exchanges = config.exchange.by_name
    if not exchanges:
        allowed = "at least one [exchange.<name>] is needed"
        raise ConfigError(file=file, key="exchange", value="(no venue)", allowed=allowed)
    for name in exchanges:
        if not re.fullmatch(NAME, name) or name.endswith(("_emergency", PAPER)) or name == DUMMY:
            allowed = f"{NAME_ALLOWED}, not ending in _emergency or {PAPER}, and not {DUMMY}"
            raise ConfigError(file=file, key=f"exchange.{name}", value=shown(name), allowed=allowed)
    for stage, exchange in config.stages.as_dict().items():
        _must_lead(file, f"stages.{stage}", exchange, exchanges)
    if (live := config.exchange_of("live")) and (venue := exchanges[live].venue) not in ORDER_VENUES:
        allowed = f"live orders can be sent to {', '.join(ORDER_VENUES)} alone"
        raise ConfigError(file=file, key=f"exchange.{live}.venue", value=shown(venue), allowed=allowed)
    for name, strategy in config.strategies.items():
        if strategy.class_path is None and name not in SHIPPED:
            allowed = f'write class = "module:Class"; only {", ".join(SHIPPED)} come without'
            raise ConfigError(file=file, key=f"strategies.{name}.class", value="(not set)", allowed=allowed)
        _check_parameters(file, name, strategy)
    for name, profile in config.profiles.items():
        _must_lead(file, f"profiles.{name}.strategy", profile.strategy, config.strategies)


def _check_parameters(file: str, name: str, strategy: Strategy) -> None:
    """Refuse what a shipped strategy would not take; one of the desk's own is never run to find out."""
    class_path = strategy.class_path or SHIPPED[name]
    if class_path not in SHIPPED.values():
        return
    try:
        load(name, class_path, strategy.parameters)
    except TradingError as error:
        key = f"strategies.{name}.parameters"
        value = ", ".join(f"{parameter} = {text}" for parameter, text in strategy.parameters.items())
        raise ConfigError(file=file, key=key, value=value, allowed=str(error)) from None


def _must_lead(file: str, key: str, wanted: str, known: Iterable[str]) -> None:
    if wanted not in known:
        raise ConfigError(
            file=file, key=key, value=shown(wanted), allowed=f"no such name; {closest(wanted, known)}"
        )
