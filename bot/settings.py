"""The environment: where home and configuration are, tokens, keys; practice or real."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from bot.errors import ConfigError
from bot.home import HOME
from bot.mistakes import closest, config_error

if TYPE_CHECKING:
    from bot.configuration import DeskConfig

WHERE = "environment"
VENUE_SECRET = re.compile(r"[A-Z][A-Z0-9_]*_API_(KEY|SECRET)")
SECRET_KEY_LENGTH_MIN = 32
OUTLET = re.compile(r"[a-z][a-z0-9+.-]*://\S+")
# What a practice desk may tell: any other kind of outlet could lead away from this machine.
PRACTICE_OUTLET = "json"
# A last part like these makes resolvers read the whole host as a number; an empty one is a dot at the end.
_NUMBER = re.compile(r"\d*|0x[0-9a-f]*")
SLACK_API_URL = "https://slack.com/api/"

# What a child needs of its parent's environment besides its own settings.
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "VIRTUAL_ENV", "PYTHONPATH", "SSL_CERT_FILE")


def loopback(url: str) -> bool:
    """Whether a URL leads to this machine and nowhere else, told from its text alone."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _in_disguise(host: str) -> bool:
    """Whether a host could lead to this machine although `loopback` does not see it.

    Resolvers read 127.1, 2130706433, 0x7f.1 and 0.0.0.0 as this machine too, and IDNA makes ASCII of more.
    """
    try:
        address = ip_address(host)
    except ValueError:
        last = host.rpartition(".")[2]
        return (
            not host.isascii()
            or "%" in host
            or _NUMBER.fullmatch(last) is not None
            or last == "localhost" != host
        )
    return address.is_unspecified or getattr(address, "ipv4_mapped", None) is not None


def sound_url(url: str) -> str:
    """Refuse, with ValueError, what is no plain address, or leaves this machine unencrypted."""
    parts = urlsplit(url)
    _ = parts.port  # raises ValueError for a port that is none
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise ValueError("no plain http(s) address")
    if _in_disguise(parts.hostname):
        raise ValueError("a way of writing this machine, or a number, that is not the plain one")
    if parts.scheme == "http" and not loopback(url):
        raise ValueError("unencrypted, and not on this machine")
    return url


def _api_base(url: str) -> str:
    if not url.endswith("/"):
        raise ValueError("no slash at the end")
    return sound_url(url)


def _listen(text: str) -> str:
    parts = urlsplit(f"//{text}")
    if parts.port is None or not parts.hostname or parts.netloc != text or "@" in text:
        raise ValueError("no host:port")
    return text


@dataclass(frozen=True, slots=True)
class Credentials:
    """A key and its secret, as one venue gave them."""

    key: SecretStr
    secret: SecretStr


def _one_piece(secret: SecretStr | None) -> SecretStr | None:
    """Refuse blanks and control characters: a library that stumbles over one prints the whole header."""
    text = "" if secret is None else secret.get_secret_value()
    if not text.isprintable() or " " in text:
        raise ValueError("not in one piece")
    return secret


def _addresses(secret: SecretStr | None) -> SecretStr | None:
    """Refuse what is no list of addresses; whether a service is known is told by doctor."""
    for address in secret.get_secret_value().split() if secret else ():
        if not address.isprintable() or not OUTLET.fullmatch(address):
            raise ValueError("no address")
    return secret


Secret = SecretStr | None
Token = Annotated[Secret, AfterValidator(_one_piece)]


class Environment(BaseModel):
    """What the environment says; read once at start, secrets never shown."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=False)

    home: Path = Field(HOME, alias="PEAK_OPS_HOME", description="it must be the path of a folder")
    config: Path = Field(
        Path("config"), alias="PEAK_OPS_CONFIG", description="it must be the path of a folder"
    )
    secret_key: Secret = Field(
        None,
        alias="PEAK_OPS_SECRET_KEY",
        min_length=SECRET_KEY_LENGTH_MIN,
        description=f"it must have at least {SECRET_KEY_LENGTH_MIN} characters; "
        "make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'",
    )
    database: Token = Field(
        None, alias="DATABASE_URL", description="it must be a SQLAlchemy URL without blanks"
    )
    slack_bot_token: Token = Field(
        None, alias="SLACK_BOT_TOKEN", description="it must be a bot token without blanks or line breaks"
    )
    slack_app_token: Token = Field(
        None, alias="SLACK_APP_TOKEN", description="it must be an app token without blanks or line breaks"
    )
    slack_signing_secret: Token = Field(
        None,
        alias="SLACK_SIGNING_SECRET",
        description="it must be the app's signing secret without blanks or line breaks",
    )
    slack_api_url: Annotated[str, AfterValidator(_api_base)] = Field(
        SLACK_API_URL,
        alias="SLACK_API_URL",
        description="it must be an https address that ends in a slash "
        "(http on this machine alone: 127.0.0.1 or localhost)",
    )
    listen: Annotated[str, AfterValidator(_listen)] = Field(
        "127.0.0.1:3000", alias="PEAK_OPS_LISTEN", description="it must be host:port, port 0 to 65535"
    )
    outlets: Annotated[Secret, AfterValidator(_addresses)] = Field(
        None,
        alias="PEAK_OPS_OUTLETS",
        description="it must be apprise addresses with blanks between them, each kind://...; "
        "a blank inside of one is written %20",
    )
    venue_secrets: dict[str, SecretStr] = Field(default_factory=dict, alias="venue_secrets")

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read the names that interface.md fixes; a blank value counts as none.

        Raises ConfigError for an unknown PEAK_OPS_ name or a value that cannot be.
        """
        environ = os.environ if environ is None else environ
        names = _names()
        given = {name: value.strip() for name, value in environ.items() if value.strip()}
        for name in given:
            if name.startswith("PEAK_OPS_") and name not in names:
                raise ConfigError(file=WHERE, key=name, value="...", allowed=closest(name, sorted(names)))
        venue_secrets = {name: given[name] for name in given if VENUE_SECRET.fullmatch(name)}
        values: dict[str, Any] = {name: given[name] for name in names if name in given}
        try:
            return cls.model_validate({**values, "venue_secrets": venue_secrets})
        except ValidationError as error:
            raise config_error(WHERE, cls, error, secret_keys=_secret_names()) from None

    @property
    def home_folder(self) -> Path:
        """The home folder, absolute."""
        return self.home.absolute()

    @property
    def config_folder(self) -> Path:
        """The folder of the configuration files, absolute."""
        return self.config.absolute()

    @property
    def database_url(self) -> str:
        """The URL of the database, password included: for `Database` alone."""
        if self.database:
            return self.database.get_secret_value()
        return f"sqlite:///{quote(str(self.home_folder / 'peak-ops.db'))}"

    @property
    def listen_address(self) -> tuple[str, int]:
        """Host and port of the HTTP side."""
        parts = urlsplit(f"//{self.listen}")
        return parts.hostname or "", parts.port or 0

    @property
    def outlet_urls(self) -> tuple[SecretStr, ...]:
        """The address of each outlet."""
        return tuple(map(SecretStr, self.outlets.get_secret_value().split())) if self.outlets else ()

    @property
    def socket_mode(self) -> bool:
        """Whether Slack is reached through Socket Mode rather than over HTTP."""
        return self.slack_app_token is not None

    def credentials(self, exchange: str) -> Credentials | None:
        """The trading key of an exchange, by its name in config.toml; None when there is none."""
        return self._pair(prefix_of(exchange))

    def emergency_credentials(self, exchange: str) -> Credentials | None:
        """The key that can only query, cancel and close; None when there is none."""
        return self._pair(f"{prefix_of(exchange)}_EMERGENCY")

    def check_pairs(self, exchanges: Iterable[str]) -> None:
        """Raise ConfigError for half a key pair of one of these; other programs have API keys too."""
        for exchange in exchanges:
            self.credentials(exchange)
            self.emergency_credentials(exchange)

    def halt_credentials(self, exchange: str) -> Credentials | None:
        """The first whole key a halt can use: the emergency key, or else the trading key."""
        for pair in (self.emergency_credentials, self.credentials):
            with suppress(ConfigError):
                if found := pair(exchange):
                    return found
        return None

    def secrets(self) -> Iterator[SecretStr]:
        """Every secret in here: what no log line may hold."""
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, SecretStr):
                yield value
        yield from self.venue_secrets.values()
        yield from self.outlet_urls
        if self.database:
            yield from map(SecretStr, _passwords_in(self.database.get_secret_value()))

    def require_for_run(self) -> None:
        """Raise ConfigError, naming it, while something is missing that `run` cannot do without."""
        for name in ("SLACK_BOT_TOKEN", "PEAK_OPS_SECRET_KEY"):
            if getattr(self, _names()[name]) is None:
                raise ConfigError(file=WHERE, key=name, value="(not set)", allowed="run needs it")
        if self.slack_app_token is None and self.slack_signing_secret is None:
            allowed = "run needs it for Socket Mode; to serve HTTP instead, set SLACK_SIGNING_SECRET"
            raise ConfigError(file=WHERE, key="SLACK_APP_TOKEN", value="(not set)", allowed=allowed)

    def for_gateway(self, environ: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment of a process that holds keys: no secret, for others can read it."""
        environ = os.environ if environ is None else environ
        return {
            **{name: environ[name] for name in PASSED_ON if name in environ},
            "PEAK_OPS_HOME": str(self.home_folder),
            "PEAK_OPS_CONFIG": str(self.config_folder),
            "SLACK_API_URL": self.slack_api_url,
        }

    def secrets_for_gateway(self, exchange: str) -> dict[str, str]:
        """What that process is told in private: this exchange's keys and the database; no other secret."""
        prefix = prefix_of(exchange)
        names = [
            f"{stem}_API_{part}" for stem in (prefix, f"{prefix}_EMERGENCY") for part in ("KEY", "SECRET")
        ]
        held = self.venue_secrets
        keys = {name: held[name].get_secret_value() for name in names if name in held}
        return {**keys, "DATABASE_URL": self.database_url}

    def _pair(self, stem: str) -> Credentials | None:
        key, secret = (self.venue_secrets.get(f"{stem}_API_{part}") for part in ("KEY", "SECRET"))
        for part, value in (("KEY", key), ("SECRET", secret)):
            try:
                _one_piece(value)
            except ValueError:
                allowed = "it must have no blanks or line breaks"
                raise ConfigError(
                    file=WHERE, key=f"{stem}_API_{part}", value="(not shown)", allowed=allowed
                ) from None
        if key and secret:
            return Credentials(key, secret)
        if key or secret:
            missing = f"{stem}_API_{'SECRET' if key else 'KEY'}"
            allowed = "a key and its secret come together"
            raise ConfigError(file=WHERE, key=missing, value="(not set)", allowed=allowed)
        return None


def prefix_of(exchange: str) -> str:
    """How an exchange's variables begin: `kraken_testnet` has KRAKEN_TESTNET_API_KEY."""
    return re.sub(r"[^A-Z0-9]", "_", exchange.upper())


def take_secrets_out_of_environ(environ: MutableMapping[str, str] | None = None) -> None:
    """Forget every secret in this process's environment, so that no child inherits one by accident."""
    environ = os.environ if environ is None else environ
    for name in list(environ):
        if name in _secret_names() or VENUE_SECRET.fullmatch(name):
            del environ[name]


def names_a_proxy(name: str) -> bool:
    """Whether libraries take a variable of this name for the way out of this machine."""
    return name.lower().endswith("_proxy")


def keep_practice_here(environment: Environment, environ: MutableMapping[str, str] | None = None) -> None:
    """Forget every proxy where Slack is on this machine: through one, practice would leave it."""
    environ = os.environ if environ is None else environ
    if loopback(environment.slack_api_url):
        for name in filter(names_a_proxy, list(environ)):
            del environ[name]


def live_home_problem(environment: Environment) -> str | None:
    """Say why live may not run in this home; None when it may."""
    if "home" not in environment.model_fields_set:
        return "Live needs a home of its own. Set PEAK_OPS_HOME to an absolute path."
    if not environment.home.is_absolute():
        home = environment.home
        return f"Live needs an absolute home, and PEAK_OPS_HOME is {home}. Write {home.absolute()}."
    return None


def practice(environment: Environment, config: "DeskConfig") -> bool:
    """Whether this is a practice desk: Slack and every venue on this machine; False when none is.

    Raises ConfigError for a mixture, which could show practice money as real or the other way round.
    """
    slack = loopback(environment.slack_api_url)
    for name, exchange in config.exchange.by_name.items():
        if (exchange.api_url is not None and loopback(exchange.api_url)) is not slack:
            raise ConfigError(
                file="config.toml",
                key=f"exchange.{name}.api_url",
                value=exchange.api_url or "(the venue's own)",
                allowed=f"SLACK_API_URL is {environment.slack_api_url}, and practice and real are never "
                "mixed: let both be on this machine, or neither",
            )
    if slack:
        _keep_outlets_here(environment)
    return slack


def _keep_outlets_here(environment: Environment) -> None:
    for number, url in enumerate(environment.outlet_urls, start=1):
        address = url.get_secret_value()
        if urlsplit(address).scheme != PRACTICE_OUTLET or not loopback(address):
            allowed = f"a practice desk tells this machine alone: {PRACTICE_OUTLET}://127.0.0.1:<port>/"
            raise ConfigError(
                file=WHERE, key=f"PEAK_OPS_OUTLETS, number {number}", value="(not shown)", allowed=allowed
            )


def _names() -> dict[str, str]:
    fields = Environment.model_fields.items()
    return {field.alias: name for name, field in fields if field.alias and name != "venue_secrets"}


def _passwords_in(url: str) -> Iterator[str]:
    """A database's passwords, before the @ and among the parameters, as written and as meant."""
    parts = urlsplit(url)
    if parts.password:
        yield from {parts.password, unquote(parts.password)}
    for name, value in parse_qsl(parts.query):
        if "password" in name.lower():
            yield value


def _secret_names() -> frozenset[str]:
    names = _names()
    return frozenset(alias for alias in names if Environment.model_fields[names[alias]].annotation == Secret)
