"""What of config.toml takes two people, and the configuration as it is in force.

Limits are one kind; venues, stages, strategies, the number of orders and what is traded another. Hours,
channels and how often a venue is called are those of the file.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from approvals.in_force import Kind
from bot.configuration import DeskConfig, Exchange, Exchanges, LiveRisk, Stages, Strategy
from bot.settings import loopback
from trading.limits import LIMIT_NAMES

# On a practice desk the exchange gets another port of this machine at each start.
HERE = "on this machine"
EXCHANGE, STRATEGY = "exchange ", "strategy "
CAPS, CAP_NAMES = "live_risk", ("max_orders_per_hour", "max_orders_per_day")
# Under which name a gateway is told what is in force.
SETTINGS = "settings"

Settings = Mapping[Kind, Mapping[str, Any]]


def settings_of(config: DeskConfig) -> dict[Kind, dict[str, dict[str, Any]]]:
    """What the file proposes, by kind: tables of plain values."""
    risk, desk = config.live_risk, config.desk
    return {
        Kind.CONFIG: {
            "desk": {"timezone": desk.timezone, "symbols": list(desk.symbols)},
            "stages": config.stages.as_dict(),
            CAPS: {name: getattr(risk, name) for name in CAP_NAMES},
            **{f"{EXCHANGE}{name}": _exchange(found) for name, found in config.exchange.by_name.items()},
            **{f"{STRATEGY}{name}": _strategy(found) for name, found in config.strategies.items()},
        },
        Kind.LIMITS: {"limits": {name: getattr(risk, name) for name in ("currency", *LIMIT_NAMES)}},
    }


def as_in_force(config: DeskConfig, settings: Settings) -> DeskConfig:
    """The configuration of the file with what is in force in the place of what it proposes."""
    changed: dict[str, Any] = {}
    caps = {name: getattr(config.live_risk, name) for name in CAP_NAMES}
    if limits := settings.get(Kind.LIMITS):
        changed["live_risk"] = live_risk_of(limits).model_copy(update=caps)
    if tables := settings.get(Kind.CONFIG):
        strategies = {
            name: Strategy.model_validate({"class": table["class"], "parameters": _parameters(table)})
            for name, table in _named(tables, STRATEGY)
        }
        changed["desk"] = config.desk.model_copy(update=tables["desk"])
        changed["stages"] = Stages.model_validate(tables["stages"])
        changed["exchange"] = Exchanges.model_validate(
            {
                "default_type": config.exchange.default_type,
                **{name: _called(config, name, table) for name, table in _named(tables, EXCHANGE)},
            }
        )
        changed["strategies"] = strategies
        changed["live_risk"] = changed.get("live_risk", config.live_risk).model_copy(update=tables[CAPS])
        changed["profiles"] = {
            name: profile for name, profile in config.profiles.items() if profile.strategy in strategies
        }
    return config.model_copy(update=changed)


def live_risk_of(limits: Mapping[str, Any]) -> LiveRisk:
    """Limits as they are kept: amounts are text there."""
    table = limits["limits"]
    amounts = {name: Decimal(table[name]) for name in LIMIT_NAMES}
    return LiveRisk.model_validate({"currency": table["currency"], **amounts})


def _exchange(exchange: Exchange) -> dict[str, Any]:
    url = exchange.api_url
    return {"venue": exchange.venue, "api_url": HERE if url is not None and loopback(url) else url}


def _strategy(strategy: Strategy) -> dict[str, Any]:
    given = sorted(strategy.parameters.items())
    return {"class": strategy.class_path, "parameters": [f"{name} = {value}" for name, value in given]}


def _parameters(table: Mapping[str, Any]) -> dict[str, str]:
    return dict(line.split(" = ", 1) for line in table["parameters"])


def _named(tables: Mapping[str, Any], kind: str) -> list[tuple[str, Mapping[str, Any]]]:
    return [(title.removeprefix(kind), table) for title, table in tables.items() if title.startswith(kind)]


def _called(config: DeskConfig, name: str, table: Mapping[str, Any]) -> dict[str, Any]:
    """A venue in force, called as the file says: how often, how long, and at which port of this machine."""
    ours = config.exchange.by_name.get(name)
    called = {"rate_limit_ms": ours.rate_limit_ms, "timeout_s": ours.timeout_s} if ours else {}
    url = table["api_url"]
    if url == HERE:
        is_here = ours is not None and ours.api_url is not None and loopback(ours.api_url)
        url = ours.api_url if ours is not None and is_here else f"http://127.0.0.1:0/{name}"
    return {"venue": table["venue"], "api_url": url, **called}
