"""Every fault in words a trader reads, and what can be set about it: enough to draw a page from."""

from dataclasses import dataclass

from trading.practice_exchange.assets import PAIRS
from trading.practice_exchange.faults import BLANK_BODIES, PAIR_STATES, SYSTEM_STATES, FaultKind, Faults

GROUP = "exchange"
SYMBOLS = tuple(pair.symbol for pair in PAIRS.values())
HTTP_ERRORS = ("500", "502", "503", "504", "520")
DEPOSITS = ("USD", "EUR", "BTC", "ETH")
SIDES = ("buy", "sell")

_FOR_CALLS = "It is over after as many calls as were asked for; 0 means all, until it is mended."
_UNTIL_MENDED = "It lasts until it is mended."
_AT_ONCE = "It happens once, at once."


@dataclass(frozen=True, slots=True)
class Field:
    """Something that can be set about a fault, and what people call it; without choices it is free text."""

    name: str
    label: str
    default: str
    choices: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """Write it for GET /practice/faults."""
        choices = {"choices": list(self.choices)} if self.choices else {}
        return {"name": self.name, "label": self.label, "default": self.default, **choices}


_COUNT = Field("count", "How often (0: until mended)", "1")
_CALLS = (_COUNT, Field("endpoint", "Only this call", ""))
_PAIR = Field("pair", "Market", "BTC/USD", SYMBOLS)


@dataclass(frozen=True, slots=True)
class Entry:
    """One fault: `about` says what to expect and what the bot should do, `ends` when it is used up."""

    title: str
    about: str
    ends: str
    fields: tuple[Field, ...]

    def field(self, name: str) -> Field | None:
        """The field of this name."""
        return next((field for field in self.fields if field.name == name), None)


CATALOGUE: dict[FaultKind, Entry] = {
    FaultKind.DELAY_S: Entry(
        "The exchange answers slowly",
        "Each call takes so many seconds more: the bot waits; an order past its deadline is dropped.",
        _FOR_CALLS,
        (Field("value", "Seconds", "1"), *_CALLS),
    ),
    FaultKind.ERROR_5XX: Entry(
        "The exchange answers with a server error",
        "The call never gets in: reads are tried again, an order becomes unknown and is looked up.",
        _FOR_CALLS,
        (Field("value", "Status", "503", HTTP_ERRORS), *_CALLS),
    ),
    FaultKind.RATE_LIMIT: Entry(
        "The exchange says we call too often",
        "Calls are refused: the bot waits and resumes by itself, and alerts only if it lasts.",
        _FOR_CALLS,
        _CALLS,
    ),
    FaultKind.BLANK_200: Entry(
        "An answer arrives with nothing in it",
        "The call says success and holds nothing: the bot must not take it for flat or for cancelled.",
        _FOR_CALLS,
        (Field("value", "What comes", "html", tuple(BLANK_BODIES)), *_CALLS),
    ),
    FaultKind.DROPPED: Entry(
        "The connection breaks before a call gets in",
        "Nothing happened there: reads are tried again, an order is unknown until two look-ups miss it.",
        _FOR_CALLS,
        _CALLS,
    ),
    FaultKind.LOST_ANSWER: Entry(
        "The next order's answer is lost",
        "The order was placed unheard: it is unknown, is found by our own id and never sent twice.",
        _FOR_CALLS,
        (_COUNT,),
    ),
    FaultKind.LOST_CANCEL: Entry(
        "The next cancellation's answer is lost",
        "The orders were cancelled unheard: nothing is called proven until the list is empty.",
        _FOR_CALLS,
        (_COUNT,),
    ),
    FaultKind.SERVICE_TIMEOUT: Entry(
        "The exchange times out after taking an order",
        "The order was placed and the answer says timeout: it is unknown, and is looked up by our own id.",
        _FOR_CALLS,
        (_COUNT,),
    ),
    FaultKind.REJECT: Entry(
        "The next order is refused",
        "The exchange says no in the words given: the order is rejected, and a session that is new pauses.",
        _FOR_CALLS,
        (Field("value", "In these words", "EOrder:Insufficient funds"), _COUNT),
    ),
    FaultKind.INVALID_NONCE: Entry(
        "The exchange refuses our call numbers",
        "Calls fail with Invalid nonce, as when two programs use one key: live sessions pause at once.",
        _FOR_CALLS,
        _CALLS,
    ),
    FaultKind.INVALID_SIGNATURE: Entry(
        "The exchange refuses our key",
        "Private calls fail with Invalid signature: live sessions pause at once and an alert says so.",
        _FOR_CALLS,
        _CALLS,
    ),
    FaultKind.LATE_FILLS: Entry(
        "Orders fill while we cancel them",
        "The next cancelled orders fill, half or whole, before the cancel arrives: the fills must count.",
        _FOR_CALLS,
        (Field("value", "How much", "half", ("half", "all")), _COUNT),
    ),
    FaultKind.MAINTENANCE: Entry(
        "The exchange is in maintenance",
        "Nothing opens, and in full maintenance nothing can be cancelled: a halt says so and keeps trying.",
        _UNTIL_MENDED,
        (Field("value", "State", "maintenance", SYSTEM_STATES),),
    ),
    FaultKind.PAIR_STATUS: Entry(
        "A market is only half open",
        "Orders of this pair are refused in its state, cancellations pass: the bot opens nothing in it.",
        _UNTIL_MENDED,
        (Field("value", "State", "cancel_only", PAIR_STATES), _PAIR),
    ),
    FaultKind.DELISTED: Entry(
        "A market is delisted",
        "The pair is gone and its orders are cancelled: the bot opens nothing in it, other markets go on.",
        _UNTIL_MENDED,
        (_PAIR,),
    ),
    FaultKind.STALLED_TICKER: Entry(
        "Prices stand still while the market goes on",
        "Ticker and order book repeat what they said last: the bot opens nothing once the quote is 10 s old.",
        _UNTIL_MENDED,
        (_PAIR,),
    ),
    FaultKind.BARS_LOST: Entry(
        "The candles have a hole",
        "So many bars are missing before the last three, though there were trades: the bot asks for those.",
        _UNTIL_MENDED,
        (Field("value", "Bars", "5"), _PAIR),
    ),
    FaultKind.CLOCK_OFF_S: Entry(
        "The clocks do not agree",
        "The exchange's clock is so many seconds ahead, behind with a minus: no live start, nothing opens.",
        _UNTIL_MENDED,
        (Field("value", "Seconds ahead", "30"),),
    ),
    FaultKind.NO_TRADES: Entry(
        "Nobody has traded for a while",
        "The last minutes had no trade: their bars are flat, without volume, and must not count as missing.",
        _AT_ONCE,
        (Field("value", "Minutes", "5"), _PAIR),
    ),
    FaultKind.PRICE_JUMP: Entry(
        "The price jumps",
        "The price moves by so many percent in one step: limits are reckoned anew, resting orders may fill.",
        _AT_ONCE,
        (Field("value", "Percent", "-10"), _PAIR),
    ),
    FaultKind.FOREIGN_ORDER: Entry(
        "Somebody else trades on our account",
        "An order that is not the bot's rests 2 % off the market: an alert names it, no live start passes.",
        _AT_ONCE,
        (Field("value", "Volume", "0.01"), _PAIR, Field("side", "Side", "buy", SIDES)),
    ),
    FaultKind.DEPOSIT: Entry(
        "Money is paid in",
        "The balance rises without a trade, or falls with a minus: it must not count as a profit or a loss.",
        _AT_ONCE,
        (Field("value", "Amount", "1000"), Field("asset", "Currency", "USD", DEPOSITS)),
    ),
}


def described(faults: Faults) -> list[dict[str, object]]:
    """Every fault as GET /practice/faults gives it, with whether it is in force."""
    in_force = {fault.kind for fault in faults.all()}
    return [
        {
            "kind": kind,
            "title": entry.title,
            "group": GROUP,
            "about": entry.about,
            "ends": entry.ends,
            "fields": [field.as_json() for field in entry.fields],
            "active": kind in in_force,
        }
        for kind, entry in CATALOGUE.items()
    ]
