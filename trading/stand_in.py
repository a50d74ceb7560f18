"""Standing in for a gateway that is gone: the account is taken first, so that one process uses its key."""

import time
from dataclasses import replace
from pathlib import Path

import structlog

from trading.errors import TradingError
from trading.gateway_client import GatewayClient
from trading.gateway_files import GatewayLock, GatewayRuns, gateway_process, socket_path
from trading.halt import Steps
from trading.wire import HaltProof

log = structlog.get_logger()

_LOOK_S = 0.1
_CONFIRMS_WITHIN_S = 1.0
_HALTS_WITHIN_S = 45.0


def take_account(
    home: Path, exchange: str, reason: str, steps: Steps, *, opens_within_s: float = 5, within_s: float = 10
) -> HaltProof | None:
    """Keep every gateway from the account for as long as this process lives; None once nobody else has it.

    A gateway that was faster halts in our place, and its proof is given; one that has not opened its socket
    after `opens_within_s` is ended. Another halt that stands in already is waited for. After `within_s` no
    lock holds up a halt any more: then both go on.
    """
    began = time.monotonic()
    while True:
        try:
            GatewayLock(home, exchange, announced=False)
        except OSError as error:  # a full disk
            log.error("the account could not be taken", exchange=exchange, why=str(error))
            return None
        except GatewayRuns:
            waited_s = time.monotonic() - began
        else:
            return None
        if waited_s > within_s:
            log.error("somebody else has the account, and the halt goes on all the same", exchange=exchange)
            return None
        if (running := gateway_process(home, exchange)) is not None:
            if proof := _halted_by_gateway(home, exchange, reason, steps):
                return proof
            if waited_s > opens_within_s:
                running.end(patience_s=0.5)
        time.sleep(_LOOK_S)


def _halted_by_gateway(home: Path, exchange: str, reason: str, steps: Steps) -> HaltProof | None:
    path = socket_path(home, exchange)
    try:
        GatewayClient(path, _CONFIRMS_WITHIN_S).ping()
        steps.took("a gateway is there again and halts")
        begun = steps.taken[-1][1]
        proof = GatewayClient(path, _HALTS_WITHIN_S).halt(reason)
    except TradingError as error:
        log.warning("the gateway that has the account did not halt", exchange=exchange, why=str(error))
        return None
    return replace(proof, steps=(*steps.taken, *((name, begun + ms) for name, ms in proof.steps)))
