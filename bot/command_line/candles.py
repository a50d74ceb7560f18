"""`peak-ops candles`: what there is of them, where some are missing, and how they come to be there."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from bot.command_line.looking import Json, here, read_here
from bot.command_line.output import Exit, Output, complain, progress, told

candles = typer.Typer(help="Candles on this machine.", no_args_is_help=True)

Symbol = Annotated[str, typer.Option("--symbol", "-s", help="A pair, such as BTC/USD.")]
Bars = Annotated[str, typer.Option("--timeframe", "-t", help="1m, 5m, 15m, 30m, 1h, 4h or 1d.")]


class Place:
    """The store of this home, and the series that was named; nothing of it needs a bot that runs."""

    def __init__(self, installation: Any, symbol: str, timeframe: str) -> None:
        from trading.candle_store import CandleStore, Series
        from trading.candles import Timeframe

        self.installation = installation
        self.exchange = installation.config.exchange.by_name[installation.desk.live_exchange]
        self.store = CandleStore(installation.environment.home_folder)
        self.series = Series(self.exchange.venue, symbol.upper(), Timeframe.parse(timeframe))

    def venue(self) -> Any:
        """The venue's public side, for which no key is needed; its markets are read."""
        from trading.venues.kraken import KrakenVenue

        venue = KrakenVenue(
            api_url=self.exchange.api_url,
            key="",
            secret="",
            timeout_s=self.exchange.timeout_s,
            rate_limit_ms=self.exchange.rate_limit_ms,
            clock=self.installation.clock,
        )
        venue.instruments()
        return venue


@candles.command("show")
def show(as_json: Json = False) -> None:
    """Every series that is stored: from when to when, and how many bars are missing."""
    from trading.candle_store import CandleStore

    store = CandleStore(read_here().environment.home_folder)
    with told():
        found = [(store.stored(each), store.gaps(each)) for each in store.all_series()]
    document = [
        {
            "venue": stored.series.venue,
            "symbol": stored.series.symbol,
            "timeframe": stored.series.timeframe,
            "bars": stored.bars,
            "from": stored.first,
            "to": stored.last,
            "quiet": stored.quiet,
            "gaps": len(gaps),
            "missing": sum(gap.missing for gap in gaps),
        }
        for stored, gaps in found
    ]
    rows = [
        [f"{value:%Y-%m-%d %H:%MZ}" if isinstance(value, datetime) else value for value in row.values()]
        for row in document
    ]
    columns = ("venue", "symbol", "bars of", "bars", "from", "to", "quiet", "gaps", "missing")
    Output(as_json).table(document, "Candles", columns, rows)


@candles.command("gaps")
def gaps(symbol: Symbol, timeframe: Bars = "1m", as_json: Json = False) -> None:
    """Where bars are missing; exit 1 when a gap is neither filled nor accepted. Quiet bars are no gaps."""
    installation = here()
    with told():
        place = Place(installation, symbol, timeframe)
        open_gaps = _tell_gaps(place, Output(as_json))
    if open_gaps:
        raise SystemExit(Exit.CHECK_SAID_NO)


@candles.command("backfill")
def backfill(
    symbol: Symbol,
    timeframe: Bars = "1m",
    begin: Annotated[
        str, typer.Option("--from", help="From when on, if that is before what is stored: 2026-11-01.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Take the venue's newest bars, and fill each gap out of its trades; exit 1 when gaps are left."""
    from trading.backfill import Backfill, whole_bar
    from trading.errors import VenueError

    installation = here()
    with told():
        place = Place(installation, symbol, timeframe)
        since = whole_bar(_moment(begin), place.series.timeframe) if begin else None
        try:
            fill = Backfill(place.store, place.venue(), installation.clock)
            with progress(f"filling {place.series}", fill.due(place.series, since)) as walked:
                filled = fill(place.series, since, walked)
        except VenueError as error:
            _tell_unknown(error)
        complain(f"{place.series}: {_added(filled.added)}.")
        if _tell_gaps(place, Output(as_json)):
            raise SystemExit(Exit.CHECK_SAID_NO)


@candles.command("accept")
def accept(
    symbol: Symbol,
    began: Annotated[str, typer.Option("--from", help="Where the gap begins: 2026-11-20T10:00Z.")],
    reason: Annotated[str, typer.Option("--reason", help="Why it does no harm; the record keeps it.")],
    by: Annotated[str, typer.Option("--by", help="Who accepts it, by name.")],
    timeframe: Bars = "1m",
    as_json: Json = False,
) -> None:
    """Take a gap as it is: on record, by name, with a reason; exit 3 for somebody without a role."""
    from bot.command_line.drilling import named
    from bot.installation import check_record_key
    from bot.operations.candle_gaps import AcceptGap
    from bot.operations.desk import Refused

    installation = here()
    with told():
        check_record_key(installation)
        place = Place(installation, symbol, timeframe)
        person, wanted = named(installation.desk.roster, by), _moment(began)
        found = place.store.gaps(place.series)
        gap = next((each for each in found if each.began_at <= wanted < each.until), None)
    if gap is None:
        begins = ", ".join(f"{each.began_at:%Y-%m-%dT%H:%MZ}" for each in found[:5]) or "there is none"
        complain(f"No gap of {place.series} begins at {began}: {begins}.")
        raise SystemExit(Exit.WRONG_USE)
    outcome = AcceptGap(installation.storage())(person, str(place.series), gap, reason)
    if isinstance(outcome, Refused):
        complain(outcome.sentence)
        raise SystemExit(Exit.REFUSED)
    line = f"{person.name} accepted {gap.missing} missing bars of {place.series}: {outcome.reason}"
    Output(as_json).show({**_gap(gap), "by": person.name, "reason": outcome.reason}, [line])


@candles.command("import")
def take(
    file: Annotated[Path, typer.Argument(help="CSV, Parquet, or the JSON rows of ccxt.")],
    symbol: Symbol,
    timeframe: Bars = "1m",
    as_json: Json = False,
) -> None:
    """Import a file, all of it or nothing; exit 1 when something in it is wrong, told by its line."""
    from trading.candle_files import BadCandleFile, read_candles

    installation = read_here()
    with told():
        place = Place(installation, symbol, timeframe)
        try:
            with progress(f"reading {file.name}", 0) as walked:
                found = read_candles(file, place.series.timeframe, installation.clock(), walked)
        except BadCandleFile as error:
            complain(str(error))
            raise SystemExit(Exit.CHECK_SAID_NO) from None
        added = place.store.add(place.series, found)
    document = {"read": len(found), "new": added.new, "differing": added.differing}
    Output(as_json).show(document, [f"{place.series}: {len(found)} bars read, {_added(added)}."])


def _added(added: Any) -> str:
    kept = f"; {added.differing} differ from stored ones, which stay" if added.differing else ""
    return f"{added.new} new{kept}"


def _gap(gap: Any) -> dict[str, Any]:
    return {"from": gap.began_at, "to": gap.until, "missing": gap.missing}


def _tell_gaps(place: Place, output: Output) -> int:
    """Print every gap, and whoever accepted it; gives how many nobody has accepted."""
    from bot.operations.candle_gaps import acceptances, accepted_by

    series, name_of = place.series, place.installation.desk.name_of
    with place.installation.storage().reading() as tx:
        given = acceptances(tx, str(series))
    judged = [(gap, accepted_by(gap, given)) for gap in place.store.gaps(series)]
    still = [gap for gap, taken in judged if taken is None]
    document = {
        "symbol": series.symbol,
        "timeframe": series.timeframe,
        "gaps": [_gap(gap) for gap in still],
        "accepted": [
            {**_gap(gap), "by": name_of(taken.by), "reason": taken.reason} for gap, taken in judged if taken
        ],
    }
    lines = [
        f"accepted by {name_of(taken.by)} ({taken.reason}): {gap.line(series.symbol, series.timeframe)}"
        if taken
        else gap.line(series.symbol, series.timeframe)
        for gap, taken in judged
    ]
    output.show(document, lines or [f"{series}: no gap in {place.store.stored(series).bars} bars"])
    return len(still)


def _moment(text: str) -> datetime:
    """A day or a moment of somebody at the shell, in UTC unless it names a zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        complain(f"{text!r} is no moment; write 2026-11-20 or 2026-11-20T10:00Z.")
        raise SystemExit(Exit.WRONG_USE) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _tell_unknown(error: Exception) -> NoReturn:
    complain(f"{error} What was filled until then is kept; run it again to go on.")
    raise SystemExit(Exit.UNKNOWN)
