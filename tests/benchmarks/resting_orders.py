"""A session whose process does one thing: it holds many open orders that nobody will fill.

Reads its session's id from standard input, says with one line how many orders were accepted, then beats until
it is told to stop or standard input closes.
"""

import select
import sys
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

from trading.errors import TradingError
from trading.gateway_client import GatewayClient
from trading.order import Intent, OrderType, Side
from trading.wire import Answer, Run

_BELOW_MARKET = Decimal("0.975")  # a price further off than 3 % is refused
_BEAT_EVERY_S = 1.0


def hold(client: GatewayClient, session_id: str, count: int) -> None:
    """Place the orders, the smallest that the venue takes, and stay with them."""
    brief = client.attach(session_id)
    instrument = brief.instrument
    price = instrument.round_price(client.ticker(brief.plan.symbol).bid * _BELOW_MARKET)
    accepted = 0
    for _ in range(count):
        outcome = client.submit(
            Intent(
                client_order_id=str(uuid4()),
                session_id=session_id,
                symbol=brief.plan.symbol,
                side=Side.BUY,
                quantity=instrument.quantity_min,
                type=OrderType.LIMIT,
                limit_price=price,
            )
        )
        if outcome.state is not Answer.ACCEPTED:
            sys.stderr.write(f"{outcome.state}: {outcome.reason}\n")
            break
        accepted += 1
    sys.stdout.write(f"{accepted}\n")
    sys.stdout.flush()
    while client.heartbeat(session_id).run is not Run.STOP:
        if select.select([sys.stdin], [], [], _BEAT_EVERY_S)[0]:
            break


if __name__ == "__main__":
    try:
        hold(GatewayClient(Path(sys.argv[1])), sys.stdin.readline().strip(), int(sys.argv[2]))
    except TradingError as error:
        sys.exit(str(error))
