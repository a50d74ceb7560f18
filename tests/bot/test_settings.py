"""The environment is read once, its secrets stay inside, and practice is never mixed with real."""

from pathlib import Path

import pytest

from bot.configuration import DeskConfig, load_config
from bot.errors import ConfigError
from bot.settings import (
    Environment,
    keep_practice_here,
    live_home_problem,
    loopback,
    practice,
    sound_url,
    take_secrets_out_of_environ,
)

SHIPPED = Path(__file__).resolve().parents[2] / "config"
FULL = {
    "PATH": "/bin",
    "PEAK_OPS_HOME": "/srv/peak-ops",
    "PEAK_OPS_SECRET_KEY": "k" * 43,
    "SLACK_BOT_TOKEN": "xoxb-1-bot",
    "SLACK_APP_TOKEN": "xapp-1-app",
    "SLACK_SIGNING_SECRET": "signing-secret-1",
    "DATABASE_URL": "postgresql://desk:hunter2@127.0.0.1/peak",
    "KRAKEN_API_KEY": "trading-key",
    "KRAKEN_API_SECRET": "trading-secret",
    "KRAKEN_TESTNET_API_KEY": "testnet-key",
    "KRAKEN_TESTNET_API_SECRET": "testnet-secret",
    "KRAKEN_EMERGENCY_API_KEY": "emergency-key",
    "KRAKEN_EMERGENCY_API_SECRET": "emergency-secret",
}
SECRETS = {
    "k" * 43,
    "xoxb-1-bot",
    "xapp-1-app",
    "signing-secret-1",
    "hunter2",
    "trading-key",
    "trading-secret",
    "testnet-key",
    "testnet-secret",
    "emergency-key",
    "emergency-secret",
}


def desk(tmp_path: Path, *api_urls: str | None) -> DeskConfig:
    """A configuration with one exchange a URL; None leaves the venue its own."""
    text = (SHIPPED / "config.toml").read_text("utf-8")
    for number, url in enumerate(api_urls):
        own = f'api_url = "{url}"' if url else ""
        text += f'\n[exchange.venue{number}]\nvenue = "kraken"\n{own}\n'
    for name in ("kraken", "kraken_testnet"):
        own = f'api_url = "{api_urls[0]}"' if api_urls[0] else ""
        text = text.replace(f"[exchange.{name}]", f"[exchange.{name}]\n{own}")
    (tmp_path / "config.toml").write_text(text, "utf-8")
    return load_config(tmp_path)


def test_nothing_set_means_the_stated_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Home, configuration and database are found in the folder where the bot is started."""
    monkeypatch.chdir(tmp_path)
    environment = Environment.from_environ({})
    assert environment.home_folder == tmp_path / "var"
    assert environment.config_folder == tmp_path / "config"
    assert environment.database_url == f"sqlite:///{tmp_path}/var/peak-ops.db"
    assert environment.slack_api_url == "https://slack.com/api/"
    assert environment.listen_address == ("127.0.0.1", 3000)
    assert not environment.socket_mode


def test_a_blank_value_is_none_and_spaces_do_not_count() -> None:
    """A token pasted with its line end works; an empty line in an env file is no token."""
    environment = Environment.from_environ({"SLACK_BOT_TOKEN": " xoxb-1\n", "SLACK_APP_TOKEN": "  "})
    assert environment.slack_bot_token is not None
    assert environment.slack_bot_token.get_secret_value() == "xoxb-1"
    assert not environment.socket_mode


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("PEAK_OPS_HOEM", "/srv", "did you mean PEAK_OPS_HOME?"),
        ("SLACK_API_URL", "https://slack.com/api", "ends in a slash"),
        ("SLACK_API_URL", "http://slack.com/api/", "http on this machine alone"),
        ("SLACK_API_URL", "slack", 'SLACK_API_URL = "slack" is refused'),
        ("PEAK_OPS_LISTEN", "3000", "it must be host:port"),
        ("PEAK_OPS_LISTEN", "127.0.0.1:70000", "it must be host:port"),
        ("PEAK_OPS_LISTEN", "127.0.0.1:3000/slack", "it must be host:port"),
        ("PEAK_OPS_SECRET_KEY", "short", "at least 32 characters"),
    ],
)
def test_a_wrong_value_is_named(name: str, value: str, told: str) -> None:
    """The variable and what is allowed are in the sentence."""
    with pytest.raises(ConfigError) as caught:
        Environment.from_environ({name: value})
    assert told in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "KRAKEN_API_KEY",
            "KRAKEN_API_SECRET = (not set) is refused; a key and its secret come together",
        ),
        ("KRAKEN_EMERGENCY_API_SECRET", "KRAKEN_EMERGENCY_API_KEY = (not set)"),
    ],
)
def test_half_a_pair_of_a_configured_exchange_is_refused(name: str, told: str) -> None:
    """The variable that is missing is named."""
    environment = Environment.from_environ({name: "half"})
    with pytest.raises(ConfigError) as caught:
        environment.check_pairs(["bitvavo", "kraken"])
    assert told in str(caught.value)
    assert caught.value.exit_code == 2


def test_an_api_key_of_something_else_is_no_mistake() -> None:
    """A machine has other programs with keys; only those of configured exchanges come in pairs."""
    environment = Environment.from_environ({"OPENAI_API_KEY": "sk-other"})
    environment.check_pairs(["kraken"])
    assert [secret.get_secret_value() for secret in environment.secrets()] == ["sk-other"]


def test_a_halt_uses_the_first_whole_key() -> None:
    """The emergency key, else the trading key; half a pair keeps no halt from the other."""
    whole = {"KRAKEN_API_KEY": "trading-key", "KRAKEN_API_SECRET": "trading-secret"}
    for environ, key in (
        (FULL, "emergency-key"),
        (whole, "trading-key"),
        ({**whole, "KRAKEN_EMERGENCY_API_KEY": "half"}, "trading-key"),
    ):
        found = Environment.from_environ(environ).halt_credentials("kraken")
        assert found is not None
        assert found.key.get_secret_value() == key
    assert Environment.from_environ({"KRAKEN_API_KEY": "half"}).halt_credentials("kraken") is None


def test_a_refused_secret_is_not_shown() -> None:
    """The sentence about a bad secret does not hold it."""
    with pytest.raises(ConfigError) as caught:
        Environment.from_environ({"PEAK_OPS_SECRET_KEY": "sesame"})
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "DATABASE_URL"]
)
@pytest.mark.parametrize("value", ["xoxb-se\nsame", "xoxb-se same", "xoxb-se\x00same", "xoxb-se\u00a0same"])
def test_a_token_in_two_pieces_is_refused_and_not_shown(name: str, value: str) -> None:
    """A library that stumbles over a line break in a header quotes the whole header."""
    with pytest.raises(ConfigError, match=f"{name} = .not shown. is refused") as caught:
        Environment.from_environ({name: value})
    assert "same" not in str(caught.value)


def test_a_venue_key_in_two_pieces_is_refused_and_not_shown() -> None:
    """As soon as it is known to be a venue's."""
    environ = {"KRAKEN_API_KEY": "trading-key", "KRAKEN_API_SECRET": "se\nsame"}
    with pytest.raises(ConfigError, match="no blanks") as caught:
        Environment.from_environ(environ).check_pairs(["kraken"])
    assert "KRAKEN_API_SECRET" in str(caught.value)
    assert "same" not in str(caught.value)


def test_no_secret_is_seen_in_the_settings() -> None:
    """Printing or serialising the settings shows no secret."""
    environment = Environment.from_environ(FULL)
    for text in (repr(environment), str(environment), environment.model_dump_json()):
        assert not [secret for secret in SECRETS if secret in text]


def test_every_secret_is_known_for_redaction() -> None:
    """What the log must never hold is all of it: tokens, keys, and the database's password."""
    known = {secret.get_secret_value() for secret in Environment.from_environ(FULL).secrets()}
    assert known >= SECRETS


def test_a_password_among_the_parameters_is_known_for_redaction() -> None:
    """PostgreSQL takes it there as well, and any of them may be written with %."""
    url = "postgresql://desk:hunter%402@db/peak?user=u&password=swordfish&sslpassword=p%2Fw"
    known = {s.get_secret_value() for s in Environment.from_environ({"DATABASE_URL": url}).secrets()}
    assert known >= {"hunter%402", "hunter@2", "swordfish", "p/w"}


def test_credentials_are_found_by_exchange_name() -> None:
    """Each account has its own pair, and the emergency pair is another one."""
    environment = Environment.from_environ(FULL)
    pairs = {
        "kraken": environment.credentials("kraken"),
        "kraken_testnet": environment.credentials("kraken_testnet"),
        "emergency": environment.emergency_credentials("kraken"),
    }
    keys = {name: pair.key.get_secret_value() for name, pair in pairs.items() if pair}
    assert keys == {"kraken": "trading-key", "kraken_testnet": "testnet-key", "emergency": "emergency-key"}
    assert environment.credentials("bitvavo") is None
    assert environment.emergency_credentials("kraken_testnet") is None


def test_secrets_leave_the_environment() -> None:
    """After reading, no child can inherit a secret by accident."""
    environ = dict(FULL)
    take_secrets_out_of_environ(environ)
    assert environ == {"PATH": "/bin", "PEAK_OPS_HOME": "/srv/peak-ops"}


def test_a_gateway_gets_the_keys_of_its_account_alone() -> None:
    """The process of one venue account sees no other account's key and no Slack token."""
    environment = Environment.from_environ(FULL)
    seen = environment.for_gateway({"PATH": "/bin", "SLACK_BOT_TOKEN": "xoxb-1-bot", "EDITOR": "vi"})
    assert not [value for value in seen.values() if any(secret in value for secret in SECRETS)]
    assert "vi" not in seen.values()
    told = environment.secrets_for_gateway("kraken")
    assert not {"testnet-key", "testnet-secret", "xoxb-1-bot", "k" * 43} & set(told.values())

    inside = Environment.from_environ({**seen, **told})
    assert inside.credentials("kraken") == environment.credentials("kraken")
    assert inside.emergency_credentials("kraken") == environment.emergency_credentials("kraken")
    assert inside.database_url == environment.database_url
    assert inside.home_folder == environment.home_folder


def test_a_practice_desk_knows_no_proxy() -> None:
    """Only where Slack is on this machine; a real desk may need one to reach it."""
    proxies = {
        "HTTP_PROXY": "http://proxy:1",
        "https_proxy": "http://proxy:1",
        "ALL_PROXY": "socks5://proxy:1",
    }
    practice_environ, real_environ = ({"PATH": "/bin", **proxies} for _ in range(2))

    keep_practice_here(Environment.from_environ(LOCAL_SLACK), practice_environ)
    keep_practice_here(Environment.from_environ({}), real_environ)

    assert practice_environ == {"PATH": "/bin"}
    assert real_environ == {"PATH": "/bin", **proxies}


@pytest.mark.parametrize("missing", ["SLACK_BOT_TOKEN", "PEAK_OPS_SECRET_KEY"])
def test_a_run_names_what_it_misses(missing: str) -> None:
    """`run` without a token or the secret key says which one."""
    environment = Environment.from_environ({name: value for name, value in FULL.items() if name != missing})
    with pytest.raises(ConfigError, match=missing):
        environment.require_for_run()


def test_a_run_needs_one_way_in() -> None:
    """Socket Mode or signed HTTP: without either nobody could say anything to the bot."""
    both = ("SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET")
    for way in both:
        Environment.from_environ(
            {name: FULL[name] for name in FULL if name not in both or name == way}
        ).require_for_run()
    with pytest.raises(ConfigError, match="SLACK_SIGNING_SECRET"):
        Environment.from_environ({name: FULL[name] for name in FULL if name not in both}).require_for_run()


def test_live_refuses_a_home_that_moves_with_the_folder() -> None:
    """The latch must be found again whatever folder the bot is started from."""
    assert "Set PEAK_OPS_HOME" in (live_home_problem(Environment.from_environ({})) or "")
    relative = Environment.from_environ({"PEAK_OPS_HOME": "var"})
    assert "absolute" in (live_home_problem(relative) or "")
    assert live_home_problem(Environment.from_environ({"PEAK_OPS_HOME": "/srv/peak-ops"})) is None


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:8080/", True),
        ("http://127.9.9.9/", True),
        ("http://[::1]:8080/", True),
        ("http://LOCALHOST:1/", True),
        ("https://slack.com/api/", False),
        ("http://127.0.0.1.example.com/", False),
        ("http://127.0.0.1@example.com/", False),
        ("http://localhost.example.com/", False),
        ("http://0.0.0.0/", False),
        ("http://10.0.0.1/", False),
        ("", False),
    ],
)
def test_only_this_machine_is_loopback(url: str, here: bool) -> None:
    """A name that merely looks like this machine is not this machine."""
    assert loopback(url) is here


@pytest.mark.parametrize(
    "host",
    [
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "0.0.0.0",
        "[::]",
        "[::ffff:127.0.0.1]",
        "localhost.",
        "127.0.0.1.",
        "foo.localhost",
        "127%2e0.0.1",
        "\uff11\uff12\uff17.0.0.1",
        "\u24c1ocalhost",
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_this_machine_has_no_other_spelling(scheme: str, host: str) -> None:
    """Where text is judged, every address that another program would read otherwise is refused."""
    with pytest.raises(ValueError, match="this machine"):
        sound_url(f"{scheme}://{host}/api/")


@pytest.mark.parametrize(
    "host", ["slack.com", "127.0.0.1", "localhost", "[::1]", "10.0.0.1", "xn--bcher-kva.de"]
)
def test_plain_addresses_are_sound(host: str) -> None:
    """With a name, a number or this machine in one of its three plain spellings."""
    assert sound_url(f"https://{host}:8443/api/") == f"https://{host}:8443/api/"


LOCAL_SLACK = {"SLACK_API_URL": "http://127.0.0.1:9/api/"}
LOCAL = "http://127.0.0.1:8"


def test_all_on_this_machine_is_practice(tmp_path: Path) -> None:
    """Slack and every venue local: a practice desk."""
    assert practice(Environment.from_environ(LOCAL_SLACK), desk(tmp_path, LOCAL)) is True


def test_nothing_on_this_machine_is_real(tmp_path: Path) -> None:
    """Slack's own address and the venues' own: real."""
    assert practice(Environment.from_environ({}), desk(tmp_path, None, "https://api.example.com")) is False


@pytest.mark.parametrize(
    ("environ", "urls"),
    [
        (LOCAL_SLACK, [None]),
        (LOCAL_SLACK, [LOCAL, None]),
        (LOCAL_SLACK, [LOCAL, "https://api.example.com"]),
        ({}, [LOCAL]),
        ({}, [None, LOCAL]),
    ],
)
def test_practice_and_real_never_mix(tmp_path: Path, environ: dict[str, str], urls: list[str | None]) -> None:
    """One real part among practice parts, or the other way round, and the bot does not start."""
    with pytest.raises(ConfigError, match="never mixed") as caught:
        practice(Environment.from_environ(environ), desk(tmp_path, *urls))
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("address", ["no-address", "TGRAM//x", "json://ok x"])
def test_what_is_no_address_refuses_the_start_and_is_not_shown(address: str) -> None:
    """The message names the variable."""
    with pytest.raises(ConfigError) as refused:
        Environment.from_environ({"PEAK_OPS_OUTLETS": address})

    assert "PEAK_OPS_OUTLETS" in str(refused.value)
    assert address not in str(refused.value)


def test_every_outlet_is_a_secret() -> None:
    """Whole and one by one, so that no log line and no child has it."""
    read = Environment.from_environ({"PEAK_OPS_OUTLETS": "json://127.0.0.1/a tgram://1:b/2"})

    values = {secret.get_secret_value() for secret in read.secrets()}
    assert {"json://127.0.0.1/a", "tgram://1:b/2"} <= values
    assert "PEAK_OPS_OUTLETS" not in read.for_gateway({})


@pytest.mark.parametrize("address", ["tgram://1:b/2", "json://example.org/", "mailto://127.0.0.1?smtp=a.org"])
def test_a_practice_desk_tells_nobody_outside_of_this_machine(tmp_path: Path, address: str) -> None:
    """Whatever its address looks like."""
    here = "http://127.0.0.1:9"
    environ = {**FULL, "SLACK_API_URL": f"{here}/api/", "PEAK_OPS_OUTLETS": address}
    with pytest.raises(ConfigError) as refused:
        practice(Environment.from_environ(environ), desk(tmp_path, here))

    assert "this machine alone" in str(refused.value)
    assert address not in str(refused.value)
