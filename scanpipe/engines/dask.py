"""Tasks for workers on other machines, given out by a Dask scheduler (distributed). `scanpipe worker` starts such a worker.

At most a few tasks a worker are at the scheduler; the others wait here, so that a day's stack does not fill it. When it is lost,
all that was there is a fault: who submitted it knows what is not done yet, and submits it again.
"""

from __future__ import annotations

import pickle
import queue
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from distributed import Client
from distributed import Future as DaskFuture

from scanpipe.engines import EngineOptions
from scanpipe.engines._answers import settle
from scanpipe.engines._dask_worker import RESOURCE, hush, perform, security
from scanpipe.engines._mailbox import Stop
from scanpipe.engines._task import Task
from scanpipe.engines._wire import Frame
from scanpipe.faults import ConfigFault, EngineUnavailable, Fault
from scanpipe.timed_queue import TimedQueue

_AHEAD = 3
"""Tasks at the scheduler for each worker: one at work, the others on their way, so that nobody waits for the round trip."""
_LOOK_S = 1.0
_CONNECT_S = 5.0
_NOBODY_S = 15.0


def open_workers(options: EngineOptions) -> DaskEngine:
    """An engine on the workers of a scheduler. Raises ConfigFault; whether the scheduler is there shows with the first task."""
    if not options.scheduler:
        raise ConfigFault(
            "engine.scheduler is not set", "Set it to the address of the Dask scheduler: tls://host:8786."
        )
    hush()
    return DaskEngine(options)


@dataclass(frozen=True, slots=True)
class _Done:
    """Dask says that this future is done, or lost."""

    future: DaskFuture


class DaskEngine:
    """See `engines.Engine`. One thread talks to the scheduler."""

    far = True

    def __init__(self, options: EngineOptions) -> None:
        self._options = options
        self._security = security(options.scheduler, options.tls)
        self._news: TimedQueue[Task | _Done | Stop] = TimedQueue()
        self._lock = threading.Lock()
        self._stop = Stop.NOT
        self._client: Client | None = None
        self._slots = 0
        self._looked = threading.Event()
        self._looked_s = 0.0
        self._nobody_since_s: float | None = None
        self._waiting: list[Task] = []
        self._away: dict[DaskFuture, Task] = {}
        self._thread = threading.Thread(target=self._work, name="engine", daemon=True)
        self._thread.start()

    @property
    def workers(self) -> int:
        """How many there are at the moment, at least 1; waits for the first word of the scheduler."""
        self._looked.wait(_CONNECT_S)
        return max(1, self._slots)

    def submit(self, function: str, *args: Any) -> Future[Any]:
        task = Task(0, pickle.dumps((function, args), pickle.HIGHEST_PROTOCOL))
        with self._lock:
            if self._stop:
                raise Fault("The engine is closed.", "Open a new one.")
            self._news.put(task)
        return task.future

    def close(self, *, wait: bool = True) -> None:
        with self._lock:
            self._stop = max(self._stop, Stop.WHEN_DONE if wait else Stop.NOW)
            self._news.put(self._stop)
        self._thread.join()

    def __enter__(self) -> DaskEngine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(wait=error is None)

    def _work(self) -> None:
        """The thread. However it ends, no future stays open."""
        fault: Fault = Fault("The engine broke down.", "Start again: what was not finished is done then.")
        try:
            while self._stop is not Stop.NOW and not (self._stop and self._idle):
                self._look()
                self._hand_out()
                self._hear()
            fault = Fault("The engine was closed before this was done.", "Start again: it is done then.")
        finally:
            self._end(fault)

    @property
    def _idle(self) -> bool:
        return not self._waiting and not self._away and self._news.empty()

    def _hear(self) -> None:
        """Waits for news, and takes all that there are."""
        try:
            news = [self._news.get(_LOOK_S)]
            while not self._news.empty():
                news.append(self._news.get())
        except queue.Empty:
            return
        for item in news:
            if isinstance(item, Task):
                self._waiting.append(item)
            elif isinstance(item, _Done) and item.future in self._away:
                self._understand(item.future, self._away.pop(item.future))

    def _look(self) -> None:
        """Finds the scheduler, and counts the workers that it has for us."""
        if time.monotonic() < self._looked_s + _LOOK_S:
            return
        try:
            if self._client is None:
                self._client = Client(
                    self._options.scheduler, security=self._security, timeout=_CONNECT_S, set_as_default=False
                )
            found = self._client.scheduler_info()["workers"].values()
            self._slots = sum(int(w["resources"].get(RESOURCE, 0)) for w in found)
        except Exception as e:  # Dask, its transports and TLS have an exception each for a scheduler that is not there
            self._lose(type(e).__name__)
        self._looked_s = time.monotonic()
        self._looked.set()
        self._mind_absence()

    def _mind_absence(self) -> None:
        """Without a worker for a while, those who wait hear of it."""
        if self._slots or not self._waiting:
            self._nobody_since_s = None
            return
        self._nobody_since_s = self._nobody_since_s or time.monotonic()
        if time.monotonic() > self._nobody_since_s + _NOBODY_S:
            message = f"no scanpipe worker is at the scheduler {self._options.scheduler}"
            self._fail_waiting(EngineUnavailable(message, "Start some: `scanpipe worker --scheduler ADDRESS`."))
            self._nobody_since_s = None

    def _hand_out(self) -> None:
        while self._client and self._waiting and len(self._away) < _AHEAD * self._slots:
            task = self._waiting.pop(0)
            if not task.begin():
                continue
            try:
                future = self._client.submit(perform, task.frame, pure=False, resources={RESOURCE: 1})
                self._away[future] = task
                future.add_done_callback(lambda f: self._news.put(_Done(f)))
            except Exception as e:  # as above
                self._away = {f: t for f, t in self._away.items() if t is not task}
                task.fail(self._unavailable(type(e).__name__))
                self._lose(type(e).__name__)

    def _understand(self, future: DaskFuture, task: Task) -> None:
        """A worker's answer; or the scheduler lost it, or it lost several workers to it, which is not the task's fault: what is
        deadly in a task costs a process that the worker started for it.
        """
        try:
            kind, body = future.result(timeout=_CONNECT_S)
        except Exception as e:  # as above, KilledWorker among them
            task.future.set_exception(self._unavailable(type(e).__name__))
            if future.status in ("cancelled", "lost"):
                self._lose(type(e).__name__)
            return
        settle(task.future, Frame(0, kind, bytes(body)), self._options.packages)

    def _lose(self, how: str) -> None:
        """The scheduler is not there, or not any more: all that it had is lost, and a new connection is made."""
        client, self._client, self._slots = self._client, None, 0
        away, self._away = self._away, {}
        for task in away.values():
            task.future.set_exception(self._unavailable(how))
        if client is None:
            self._fail_waiting(self._unavailable(how))
        else:
            threading.Thread(target=_let_go, args=(client,), daemon=True).start()

    def _fail_waiting(self, fault: Fault) -> None:
        waiting, self._waiting = self._waiting, []
        for task in waiting:
            task.fail(fault)

    def _unavailable(self, how: str) -> EngineUnavailable:
        message = f"the Dask scheduler {self._options.scheduler} cannot be reached, or lost its workers ({how})"
        return EngineUnavailable(message, "See that it runs, that workers are with it, and the certificates.")

    def _end(self, fault: Fault) -> None:
        with self._lock:
            self._stop = Stop.NOW
            while not self._news.empty():
                item = self._news.get()
                if isinstance(item, Task):
                    self._waiting.append(item)
        for task in self._waiting:
            if not task.cancel():
                task.fail(fault)
        for task in self._away.values():
            task.future.set_exception(fault)
        if self._client is not None:
            if self._away:
                self._client.cancel(list(self._away), asynchronous=False)
            _let_go(self._client)


def _let_go(client: Client) -> None:
    """A client whose scheduler is gone takes its time to close, and complains."""
    try:
        client.close(timeout=2)
    except Exception:  # nothing is lost with it
        return
