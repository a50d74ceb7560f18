"""What is asked for wrongly is answered with what could be asked for, before any gateway is asked."""

from decimal import Decimal
from types import SimpleNamespace

import pytest

from bot.operations.desk import Refused, StrategyChoice
from bot.operations.look import Look
from trading.preview import Preview

CHOICE = StrategyChoice("ma_crossover", "trading.strategies.ma_crossover:MaCrossover", (), "")
DESK = SimpleNamespace(
    strategies=(CHOICE,),
    symbols=("BTC/USD",),
    strategy=lambda name: CHOICE if name == CHOICE.name else None,
    live_exchange="kraken",
    limits=SimpleNamespace(max_order_notional=Decimal(100)),
)


def nobody(*_: object) -> None:
    """Fail: a wrong word must not reach the venue account."""
    raise AssertionError("the gateway was asked")


LOOK = Look(DESK, nobody, nobody, nobody)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ("foo", "BTC/USD"),
            "“foo” is no strategy of this desk, so nothing was done. There is ma_crossover.",
        ),
        (
            ("ma_cross", "BTC/USD"),
            "“ma_cross” is no strategy of this desk, so nothing was done. Did you mean ma_crossover?",
        ),
        (
            ("ma_crossover", "DOGE/USD"),
            "“DOGE/USD” is no symbol of this desk, so nothing was done. There is BTC/USD.",
        ),
        (
            ("ma_crossover", "btc/usd", "7m"),
            "“7m” is no bar length of this desk, so nothing was done. There is 1m, 5m, 15m, 1h.",
        ),
    ],
)
def test_a_preview_of_something_unknown_names_the_word(words: tuple[str, ...], told: str) -> None:
    """What is wrong is said first, then what may have been meant, or what there is."""
    assert LOOK.preview(words) == Refused(told)


@pytest.mark.parametrize("words", [(), ("ma_crossover",)])
def test_a_preview_of_too_little_names_what_there_is(words: tuple[str, ...]) -> None:
    """Strategies, symbols and bars are those of the form."""
    told = LOOK.preview(words)

    assert isinstance(told, Refused)
    assert told.sentence == (
        "Type /peak preview <strategy> <symbol> [bars]. Strategies: ma_crossover. Symbols: BTC/USD. "
        "Bars: 1m, 5m, 15m, 1h."
    )


def test_a_strategy_that_breaks_is_not_blamed_on_the_venue() -> None:
    """The sentence is the strategy's own, with one full stop."""
    look = Look(DESK, nobody, nobody, lambda plan: Preview(None, (), "", None, failure="it fell over."))  # type: ignore[arg-type]

    assert look.preview(("ma_crossover", "BTC/USD")) == Refused(
        "The strategy could not be previewed: it fell over. Mend it, or choose another."
    )


@pytest.mark.parametrize(
    ("stage", "sentence"),
    [
        ("", ""),
        ("paper", " “paper” is none."),
    ],
)
def test_readiness_of_another_stage_is_refused(stage: str, sentence: str) -> None:
    """With those that there are."""
    which = "Readiness of which stage? Type /peak readiness and one of shadow, testnet, live."
    assert LOOK.readiness(stage) == Refused(f"{which}{sentence}")
