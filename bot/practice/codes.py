"""What each person's authenticator app shows: on the practice desk the page does, beside the name."""

from collections.abc import Callable, Mapping
from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from approvals.factor import STEP_S, Secret, step_at


def read_secrets(text: str) -> dict[str, Secret]:
    """Secrets as the demo hands them over: `USER:SECRET`, by blanks."""
    pairs = (word.partition(":") for word in text.split())
    return {person_id: Secret(secret) for person_id, _, secret in pairs}


def written_secrets(secrets: Mapping[str, Secret]) -> str:
    """The same, as it is handed over."""
    return " ".join(f"{person_id}:{secret.reveal()}" for person_id, secret in secrets.items())


class Codes:
    """The codes of now; the bot has no part in it and only hears what somebody types."""

    def __init__(self, secrets: Mapping[str, Secret], clock: Callable[[], datetime]) -> None:
        self._secrets = secrets
        self._clock = clock

    def routes(self) -> list[BaseRoute]:
        """Give the address."""
        return [Route("/desk/codes", self._codes)]

    async def _codes(self, request: Request) -> Response:
        now = self._clock()
        step = step_at(now)
        codes = {person_id: secret.code_at(step) for person_id, secret in self._secrets.items()}
        return JSONResponse({"codes": codes, "good_for_s": (step + 1) * STEP_S - now.timestamp()})
