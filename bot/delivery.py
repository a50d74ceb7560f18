"""The outbox's thread: the most urgent first, each channel in order, no channel waiting for another."""

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event, Lock, Thread

from slack_sdk import WebClient

from bot.errors import DatabaseUnavailable
from bot.metrics import Metrics
from bot.outbox import Chart, MessageKind, Urgency
from bot.outbox_queue import Message, Queue, Readable
from bot.pacing import Pacing, rate_key
from bot.sending import Later, Renderer, Sender, Undeliverable

log = logging.getLogger(__name__)

# One of them is left to what is urgent: an image may take its sender half a minute.
SENDERS = 4
POLL_S = 1.0
BACK_OFF_S, BACK_OFF_MAX_S = 0.5, 10.0
STUMBLES_MAX = 5
# Slack's own error at one message, while it may take others: its channel waits for no longer than this.
SLACK_FAILS_IT_FOR = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Lost:
    """A message that Slack will not take, so that somebody must hear of it in another way."""

    key: str
    kind: MessageKind
    lane: str
    urgency: int
    reason: str


class Outbox:
    """Delivers what OutboxWriter has written; `wake` after a commit makes it look at once.

    `renderers` gives for the first part of a subject what draws its card (None: nothing to show any more);
    `draw` makes a chart into PNG bytes; `on_undeliverable` hears of each message that is given up;
    `workspace_url` leads to Slack's own page, once that is known. With `strict` a message that would have
    to be cut is refused instead.
    """

    def __init__(
        self,
        database: Readable,
        client: WebClient,
        renderers: Mapping[str, Renderer],
        clock: Callable[[], datetime],
        *,
        draw: Callable[[Chart], bytes],
        on_undeliverable: Callable[[Lost], None] = lambda _: None,
        metrics: Metrics | None = None,
        pacing: Pacing | None = None,
        workspace_url: Callable[[], str | None] = lambda: None,
        strict: bool = False,
    ) -> None:
        self._clock = clock
        self._metrics = metrics or Metrics()
        self._on_undeliverable = on_undeliverable
        self._stopping = Event()
        self._news = Event()
        self._queue = Queue(database, clock)
        self._pacing = pacing or Pacing()
        self._sender = Sender(
            client,
            renderers,
            clock,
            draw,
            self._stopping,
            workspace_url=workspace_url,
            shows=self._queue.shows,
            strict=strict,
        )
        self._lock = Lock()
        self._busy: set[str] = set()
        self._held: dict[str, datetime] = {}
        self._stumbles: Counter[int] = Counter()
        self._pool = ThreadPoolExecutor(SENDERS, thread_name_prefix="send")
        self._thread = Thread(target=self._run, name="outbox", daemon=True)

    def start(self) -> None:
        """Begin with what a former process left."""
        self._thread.start()

    def stop(self, timeout_s: float = 10) -> None:
        """Finish what is being sent; the rest stays written for the next start."""
        self._stopping.set()
        self._news.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        self._pool.shutdown(wait=True, cancel_futures=True)

    def wake(self) -> None:
        """Look for messages now."""
        self._news.set()

    def waiting(self) -> int:
        """How many messages are not delivered yet."""
        return self._queue.waiting()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._news.clear()
            wait_s = POLL_S
            try:
                self._queue.tidy()
                wait_s = self._look()
            except Exception:  # whatever it is: a thread that ends here delivers nothing any more
                log.exception("outbox: looking for messages failed; trying again")
            self._news.wait(wait_s)

    def _look(self) -> float:
        """Hand out what may go now, and give how long to wait until something else may."""
        now = self._clock()
        turns_s = [POLL_S]
        with self._lock:
            held = self._held = {key: until for key, until in self._held.items() if until > now}
            busy = set(self._busy)
        free = SENDERS - len(busy)

        def may_go(message: Message) -> bool:
            nonlocal free
            if free <= (message.urgency != Urgency.FIRST) or rate_key(message) in held:
                return False
            if away_s := self._pacing.take_s(message):
                turns_s.append(away_s)
                return False
            free -= 1
            return True

        for message in self._queue.claim(busy, may_go):
            with self._lock:
                self._busy.add(message.lane)
            self._pool.submit(self._deliver, message)
        return min(turns_s)

    def _deliver(self, message: Message) -> None:
        try:
            self._try(message)
        except DatabaseUnavailable as error:  # the row stands as it was; the next try looks at Slack first
            log.warning("outbox: what became of %s could not be noted: %s", message.key, error)
            self._stopping.wait(BACK_OFF_S)
        except Exception as error:
            self._stumbled(message, error)
        finally:
            with self._lock:
                self._busy.discard(message.lane)
            self._news.set()

    def _try(self, message: Message) -> None:
        try:
            sent = self._sender.send(message)
        except Later as later:
            self._postpone(message, later)
        except Undeliverable as refused:
            self._give_up(message, refused.reason)
        else:
            self._queue.sent(message, sent)
            self._metrics.sent.labels(message.kind.value).inc()
            waited = (self._clock() - message.created_at).total_seconds()
            self._metrics.delivery_s.observe(max(0.0, waited))

    def _stumbled(self, message: Message, error: Exception) -> None:
        """A mistake of ours holds its channel for a few tries, not for ever."""
        log.exception("outbox: sending %s failed", message.key)
        self._stumbles[message.id] += 1
        if self._stumbles[message.id] >= STUMBLES_MAX:
            self._give_up(message, f"{type(error).__name__}: {error}")
        else:
            self._postpone(message, Later(type(error).__name__))

    def _postpone(self, message: Message, later: Later) -> None:
        if later.fails_it and self._clock() - message.created_at > SLACK_FAILS_IT_FOR:
            self._give_up(message, f"Slack fails at it again and again: {later.reason}")
            return
        wait_s = later.after_s
        if wait_s is None:
            wait_s = min(BACK_OFF_S * 2 ** (message.attempts - 1), BACK_OFF_MAX_S)
        log.warning("outbox: %s goes out again in %.1f s: %s", message.key, wait_s, later.reason)
        until = self._clock() + timedelta(seconds=wait_s)
        if later.too_fast:
            with self._lock:
                self._held[rate_key(message)] = until
        self._queue.postponed(message, until, later.reason)

    def _give_up(self, message: Message, reason: str) -> None:
        log.error("outbox: %s cannot be delivered to %s: %s", message.key, message.lane, reason)
        self._queue.failed(message, reason)
        self._metrics.undeliverable.labels(message.kind.value).inc()
        try:
            self._on_undeliverable(Lost(message.key, message.kind, message.lane, message.urgency, reason))
        except Exception:  # the message is marked as lost already; telling must not stop the others
            log.exception("outbox: nobody could be told of %s", message.key)
