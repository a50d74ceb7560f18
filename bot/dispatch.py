"""From saved rows to listeners: a few threads, each person in order, none waiting for a slow neighbour."""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from threading import Condition, Thread
from time import monotonic

from slack_bolt import App

from bot.inbox import ATTEMPTS_MAX, Inbox, Saved
from bot.slack_app import Outcome, dispatch

log = logging.getLogger(__name__)

WORKERS = 8
# A person's next act waits for the one before, but not for ever: a slow listener is overtaken after this.
PATIENCE_S = 2.0
RETRY_AFTER_S = (0.2, 1.0)
# Acknowledgements go first: a worker waits for a quiet moment, but never longer than this.
GIVE_WAY_S = 0.25


@dataclass(slots=True)
class _Lane:
    """What one person has asked for and has not been done yet."""

    waiting: deque[Saved] = field(default_factory=deque)
    running: int = 0
    started_at: float = 0.0

    def may_start(self, now: float) -> bool:
        return bool(self.waiting) and (self.running == 0 or now - self.started_at >= PATIENCE_S)


class Dispatcher:
    """Runs each saved row through the Bolt app; tries again what fails, and then says so to the person.

    `tell` gets a row whose listener failed for good. While deliveries wait for their acknowledgement,
    workers begin nothing new for a moment.
    """

    def __init__(
        self,
        app: App,
        inbox: Inbox,
        *,
        tell: Callable[[Saved], None],
        workers: int = WORKERS,
    ) -> None:
        self._app = app
        self._inbox = inbox
        self._tell = tell
        self._lanes: dict[str, _Lane] = {}
        self._later: list[tuple[float, Saved]] = []
        self._changed = Condition()
        self._stopping = False
        self._threads = [
            Thread(target=self._work, name=f"listener-{number}", daemon=True) for number in range(workers)
        ]
        self._forms = ThreadPoolExecutor(workers, thread_name_prefix="form")

    def start(self) -> None:
        """Take up what a former process left, then whatever comes."""
        again, given_up = self._inbox.pending()
        for saved in given_up:
            why = "for its age" if saved.late else f"after {saved.attempts} attempts"
            log.error("inbox: %s was given up %s", saved.key, why)
            self._give_up(saved)
        self.offer(again)
        for thread in self._threads:
            thread.start()

    def stop(self, timeout_s: float = 10) -> None:
        """Let the running listeners end; rows that have not begun stay saved for the next start."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        deadline = monotonic() + timeout_s
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, deadline - monotonic()))
        self._forms.shutdown(wait=False, cancel_futures=True)

    def offer(self, rows: Sequence[Saved]) -> None:
        """Queue rows that are on disk."""
        with self._changed:
            for saved in rows:
                self._lanes.setdefault(saved.account, _Lane()).waiting.append(saved)
            self._changed.notify(len(rows))

    def submit(self, saved: Saved, answered: Callable[[Outcome], None]) -> None:
        """Run a form's listener at once, off the queue: Slack waits for its answer."""
        self._forms.submit(lambda: answered(self.run(saved)))

    def run(self, saved: Saved) -> Outcome:
        """Run one listener and give what came of it; never raises."""
        try:
            outcome = dispatch(self._app, saved.payload, cause=saved.key, redelivered=saved.redelivered)
        except Exception as error:
            outcome = Outcome("", failure=error)
        if outcome.unhandled:
            log.warning("inbox: no listener for %s", saved.key)
        if outcome.failure is not None:
            log.error("inbox: the listener of %s failed", saved.key, exc_info=outcome.failure)
        return outcome

    def _work(self) -> None:
        while True:
            taken = self._take()
            if taken is None:
                return
            saved, lane = taken
            self._inbox.await_quiet(GIVE_WAY_S)
            try:
                self._finish(saved, self.run(saved))
            finally:
                with self._changed:
                    lane.running -= 1
                    if not lane.waiting and not lane.running and self._lanes.get(saved.account) is lane:
                        del self._lanes[saved.account]
                    self._changed.notify()

    def _take(self) -> tuple[Saved, _Lane] | None:
        with self._changed:
            while not self._stopping:
                now = monotonic()
                self._requeue(now)
                for account, lane in self._lanes.items():
                    if lane.may_start(now):
                        lane.running += 1
                        lane.started_at = now
                        self._lanes[account] = self._lanes.pop(account)  # the next turn is somebody else's
                        return lane.waiting.popleft(), lane
                self._changed.wait(self._patience(now))
            return None

    def _patience(self, now: float) -> float | None:
        """How long to wait until something can start without any news."""
        moments = [due for due, _ in self._later]
        moments += [lane.started_at + PATIENCE_S for lane in self._lanes.values() if lane.waiting]
        return max(0.001, min(moments) - now) if moments else None

    def _requeue(self, now: float) -> None:
        due = [entry for entry in self._later if entry[0] <= now]
        for entry in due:
            self._later.remove(entry)
            self._lanes.setdefault(entry[1].account, _Lane()).waiting.append(entry[1])

    def _finish(self, saved: Saved, outcome: Outcome) -> None:
        if outcome.failure is None:
            self._inbox.done(saved.key)
            return
        attempts = saved.attempts + 1
        if attempts < ATTEMPTS_MAX:
            self._inbox.tried(saved.key, attempts)
            due = monotonic() + RETRY_AFTER_S[min(attempts, len(RETRY_AFTER_S)) - 1]
            with self._changed:
                self._later.append((due, replace(saved, attempts=attempts, redelivered=True)))
                self._changed.notify()
            return
        self._give_up(replace(saved, attempts=attempts))

    def _give_up(self, saved: Saved) -> None:
        """Tell first: a row that nobody was told of stays unfinished, and is told of at the next start."""
        try:
            self._tell(saved)
        except Exception:  # the row stays unfinished, and its person is told at the next start
            log.exception("inbox: nobody could be told that %s failed", saved.key)
        else:
            self._inbox.failed(saved.key, saved.attempts)
