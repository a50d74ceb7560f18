"""A mistake in config.toml stops the start, and the sentence says which mistake."""

from decimal import Decimal
from pathlib import Path

import pytest

from bot.configuration import load_config
from bot.errors import ConfigError
from trading.strategy import load

SHIPPED = Path(__file__).resolve().parents[2] / "config"


def changed(tmp_path: Path, old: str, new: str) -> Path:
    """The shipped file with one change, in a folder of its own."""
    text = (SHIPPED / "config.toml").read_text("utf-8")
    assert old in text
    (tmp_path / "config.toml").write_text(text.replace(old, new, 1), "utf-8")
    return tmp_path


def refusal(tmp_path: Path, old: str, new: str) -> str:
    """The sentence with which the changed file is refused."""
    with pytest.raises(ConfigError) as caught:
        load_config(changed(tmp_path, old, new))
    assert caught.value.exit_code == 2
    assert str(caught.value).startswith(str(tmp_path / "config.toml"))
    return str(caught.value)


def test_the_shipped_file_is_sound() -> None:
    """A fresh clone begins with figures that load, and amounts are exact."""
    config = load_config(SHIPPED)
    assert config.live_risk.limits().max_order_notional == Decimal(100)
    assert config.exchange_of("live") == "kraken"
    assert set(config.profiles) == {"quick_smoke", "ma_crossover_small", "btc_momentum", "eth_swing"}


@pytest.mark.parametrize("name", ["ma_crossover", "momentum", "rsi_reversion"])
def test_every_shipped_strategy_loads_as_configured(name: str) -> None:
    """Class and parameters in the file fit the strategy's code."""
    spec = load_config(SHIPPED).strategy_spec(name)
    assert spec is not None
    assert load(spec.name, spec.class_path, spec.parameters).name == name


def test_a_strategy_of_ones_own_needs_its_class(tmp_path: Path) -> None:
    """Only what is shipped is found without being told where."""
    told = refusal(tmp_path, "[strategies.momentum]", "[strategies.breakout]")
    assert 'strategies.breakout.class = (not set) is refused; write class = "module:Class"' in told


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "max_order_notional = 100",
            "max_order_notionl = 100",
            "live_risk.max_order_notionl = 100 is refused; no such key; did you mean max_order_notional?",
        ),
        ("[schedule]", "[shedule]", "shedule = (a table) is refused; no such key; did you mean schedule?"),
        ('timezone = "Europe/Berlin"', 'timezone = "Europe/Berlinn"', 'desk.timezone = "Europe/Berlinn"'),
        ('"07:30"', '"7:30"', 'schedule.health_report = "7:30" is refused; it must be an hour'),
        ('"07:30"', '"24:00"', 'schedule.health_report = "24:00"'),
        (
            "timeout_s = 10",
            "timeout_s = 0",
            "exchange.kraken.timeout_s = 0 is refused; it must be a whole number",
        ),
        ("timeout_s = 10", 'timeout_s = "10"', 'exchange.kraken.timeout_s = "10"'),
        ("timeout_s = 10", "timeout_s = true", "exchange.kraken.timeout_s = true"),
        (
            "timeout_s = 10",
            "timeouts = 10",
            "exchange.kraken.timeouts = 10 is refused; no such key; did you mean",
        ),
        (
            'default_type = "spot"',
            'default_type = "swap"',
            'exchange.default_type = "swap" is refused; it must be',
        ),
        ('default_type = "spot"', 'default_typ = "spot"', 'exchange.default_typ = "spot"'),
        (
            'live = "kraken"',
            'live = "krakn"',
            'stages.live = "krakn" is refused; no such name; did you mean kraken?',
        ),
        ('live = "kraken"', 'prod = "kraken"', "stages.prod"),
        ('strategy = "momentum"', 'strategy = "momentun"', "profiles.btc_momentum.strategy"),
        ("minutes = 5", "minutes = 241", "profiles.quick_smoke.minutes = 241"),
        ("notional = 100", "notional = 1000.01", "profiles.quick_smoke.notional = 1000.01"),
        ("fast = 5", "fast = true", "strategies.ma_crossover.parameters.fast = true"),
        ("fast = 5", "fast = nan", "strategies.ma_crossover.parameters.fast = NaN"),
        ('venue = "kraken"', "", "exchange.kraken.venue = (not set)"),
        ('venue = "kraken"', 'venue = "krakn"', "live orders can be sent to kraken alone"),
        ("fast = 5", "fst = 5", "it has no parameter 'fst'; it knows fast, slow"),
        ("fast = 5", 'fast = "five"', "fast is 'five'; it must be a whole number"),
        ('currency = "USD"', 'currency = "usd"', "live_risk.currency"),
        ("[exchange.kraken]", "[exchange.kraken_emergency]", "exchange.kraken_emergency"),
        (
            '# ops = "C0123456789"',
            'ops = "#trading-ops"',
            'channels.ops = "#trading-ops" is refused; it must be a channel\'s id',
        ),
        ("# api_url = ", 'api_url = "http://example.com" # ', "exchange.kraken.api_url"),
        ("# api_url = ", 'api_url = "https://127.0.0.1@example.com" # ', "exchange.kraken.api_url"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, old: str, new: str, told: str) -> None:
    """File, key, value, what is allowed: nobody has to guess what to mend."""
    assert told in refusal(tmp_path, old, new)


@pytest.mark.parametrize(
    "number", ["1e999", "nan", "inf", "-0", "-0.0", "0", "-5", "1e-13", "true", '"100"', "[]"]
)
def test_a_limit_is_a_plain_positive_number(tmp_path: Path, number: str) -> None:
    """A limit that cannot be read exactly would be no limit."""
    told = refusal(tmp_path, "max_daily_loss_abs = 50", f"max_daily_loss_abs = {number}")
    assert "live_risk.max_daily_loss_abs" in told
    assert "it must be a number over 0" in told


def test_a_missing_limit_is_named(tmp_path: Path) -> None:
    """An absent limit is not an unlimited one."""
    assert "live_risk.max_total_exposure = (not set)" in refusal(tmp_path, "max_total_exposure = 400", "")


@pytest.mark.parametrize(
    ("old", "new"),
    [("[desk]", "[desk"), ("timeout_s = 10", "timeout_s = "), ("[stages]", "timeout_s = 5\n[stages]")],
)
def test_broken_toml_names_its_line(tmp_path: Path, old: str, new: str) -> None:
    """A slip of the pen is found without counting lines."""
    before, _, _ = (SHIPPED / "config.toml").read_text("utf-8").partition(old)
    line = len(before.splitlines()) + 1
    assert f"config.toml: line {line} cannot be read" in refusal(tmp_path, old, new)


def test_a_number_too_long_to_read_is_refused(tmp_path: Path) -> None:
    """Ten thousand digits are a mistake, not a crash."""
    assert "cannot be read" in refusal(tmp_path, "timeout_s = 10", f"timeout_s = {'9' * 10_000}")


def test_an_absent_folder_says_where_to_look(tmp_path: Path) -> None:
    """Without its file the bot does not invent a configuration."""
    with pytest.raises(ConfigError, match=r"No such file or directory.*PEAK_OPS_CONFIG"):
        load_config(tmp_path / "nowhere")


def test_other_bytes_than_utf8_are_refused(tmp_path: Path) -> None:
    """A file in another encoding is told so, not misread."""
    (tmp_path / "config.toml").write_bytes(b'[desk]\ntimezone = "\xff"')
    with pytest.raises(ConfigError, match="save it as UTF-8"):
        load_config(tmp_path)


def test_a_refused_value_cannot_break_the_line(tmp_path: Path) -> None:
    """What a file holds is shown short and on one line."""
    told = refusal(tmp_path, '"07:30"', '"' + "7\\n" * 200 + '"')
    assert "\n" not in told
    assert len(told) < 400


def test_unfilled_channels_stop_a_run(tmp_path: Path) -> None:
    """A desk whose alerts go nowhere does not start."""
    with pytest.raises(ConfigError, match=r"channels.ops = \(not set\)"):
        load_config(SHIPPED).require_channels()
    config = load_config(changed(tmp_path, "[channels]", '[channels]\nops = "C0123456789"'))
    with pytest.raises(ConfigError, match=r"channels.approvals"):
        config.require_channels()


def test_a_file_that_begins_with_a_mark_is_read(tmp_path: Path) -> None:
    """Some editors write a byte order mark before the text."""
    text = (SHIPPED / "config.toml").read_text("utf-8")
    (tmp_path / "config.toml").write_text(text, "utf-8-sig")
    assert load_config(tmp_path) == load_config(SHIPPED)
