"""The one thread that hands tasks to workers and hears from them: what is running where, and what was lost?"""

from __future__ import annotations

import copy
import math
import pickle
import selectors
import time
from collections import deque
from functools import partial

from scanpipe.engines import EngineOptions
from scanpipe.engines._answers import fault_of_setup, fault_of_start, settle
from scanpipe.engines._mailbox import Mailbox, Stop
from scanpipe.engines._process import Limits, WorkerProcess
from scanpipe.engines._task import Task
from scanpipe.engines._wire import Frame, Kind, packed
from scanpipe.faults import Fault

_BOTH_WAYS = selectors.EVENT_READ | selectors.EVENT_WRITE
_START_TIMEOUT_S = 120.0
_START_TRIES = 3


class Dispatcher:
    """`run` is the thread; everything here belongs to it."""

    def __init__(self, options: EngineOptions, workers: int, mailbox: Mailbox) -> None:
        self._options = options
        self._workers = workers
        self._mailbox = mailbox
        self._start = _start_frame(options)
        self._waiting: deque[Task] = deque()
        self._alive: set[WorkerProcess] = set()
        self._idle: list[WorkerProcess] = []
        self._failed_starts = 0
        self._start_fault = Fault("")
        self._selector = selectors.DefaultSelector()
        self._selector.register(mailbox.bell, selectors.EVENT_READ, lambda: None)

    def run(self) -> None:
        """Works until the mailbox says stop. However it ends, no future stays open and no worker alive."""
        fault = Fault("The engine broke down.", "Start again: what was not finished is done then.")
        try:
            self._work()
            fault = Fault("The engine was closed before this was done.", "Start again: it is done then.")
        finally:
            self._end(fault)

    def _work(self) -> None:
        while True:
            tasks, stop = self._mailbox.take()
            self._waiting += tasks
            if stop is Stop.NOW:
                self._waiting = deque(t for t in self._waiting if not t.cancel())
                return
            self._hand_out()
            self._staff()
            if stop and not self._waiting and not any(w.task for w in self._alive):
                return
            for key, _ in self._selector.select(self._patience_s()):
                key.data()
            self._end_patience()

    def _hand_out(self) -> None:
        while self._waiting and self._idle:
            task = self._waiting.popleft()
            if not task.begin():
                continue
            worker = self._idle.pop()
            worker.give(task, time.monotonic() + self._options.task_timeout_s)
            if worker.unsent:
                self._watch_line(worker)

    def _staff(self) -> None:
        """Starts workers for the tasks that wait, unless starting has failed too often."""
        starting = sum(not w.ready for w in self._alive)
        while len(self._waiting) > starting and len(self._alive) < self._workers:
            if self._failed_starts >= _START_TRIES:
                self._do_without()
                return
            starting += self._start_worker()

    def _start_worker(self) -> bool:
        try:
            worker = WorkerProcess(_limits(self._options), self._start, time.monotonic() + _START_TIMEOUT_S)
        except OSError as e:
            self._start_failed(fault_of_start(str(e)))
            return False
        self._alive.add(worker)
        self._selector.register(worker.sentinel, selectors.EVENT_READ, partial(self._bury, worker))
        self._selector.register(worker.line, selectors.EVENT_READ, partial(self._converse, worker))
        self._watch_line(worker)
        return True

    def _watch_line(self, worker: WorkerProcess) -> None:
        """Room to send counts as an event only while something is left to send."""
        events = _BOTH_WAYS if worker.unsent else selectors.EVENT_READ
        self._selector.modify(worker.line, events, partial(self._converse, worker))

    def _start_failed(self, fault: Fault) -> None:
        self._failed_starts += 1
        self._start_fault = fault

    def _do_without(self) -> None:
        """The workers that live carry on. Where there are none the tasks fail, and the next ones may try again."""
        if self._alive:
            return
        while self._waiting:
            self._waiting.popleft().fail(copy.copy(self._start_fault))
        self._failed_starts = 0

    def _converse(self, worker: WorkerProcess) -> None:
        """Something arrived from the worker, or there is room to send it more."""
        if worker not in self._alive:
            return
        long = bool(worker.unsent)
        if long:
            worker.send_on()
        for answer in worker.hear():
            self._understand(worker, answer)
        if worker.hung_up:
            self._hang_up(worker)
        elif long:
            self._watch_line(worker)

    def _hang_up(self, worker: WorkerProcess) -> None:
        """Its end of the line is closed: it is dying, or a task closed what is not its own."""
        self._selector.unregister(worker.line)
        self._retire(worker)
        worker.kill()

    def _understand(self, worker: WorkerProcess, answer: Frame) -> None:
        if not worker.ready:
            self._greet(worker, answer)
            return
        task = worker.task
        if task is None or task.number != answer.number:
            worker.kill("the worker answered what it was not asked")
            return
        worker.task = None
        self._rest(worker)
        settle(task.future, answer, self._options.packages)

    def _greet(self, worker: WorkerProcess, answer: Frame) -> None:
        if answer.kind == Kind.READY:
            worker.ready = True
            self._failed_starts = 0
            self._rest(worker)
        else:
            worker.complaint = fault_of_setup(answer, self._options.packages)

    def _rest(self, worker: WorkerProcess) -> None:
        """It is free; the next task goes out before anybody looks at the answer to the last."""
        worker.deadline_s = math.inf
        if worker in self._alive and worker.doom is None:
            self._idle.append(worker)
            self._hand_out()

    def _retire(self, worker: WorkerProcess) -> None:
        if worker in self._idle:
            self._idle.remove(worker)

    def _bury(self, worker: WorkerProcess) -> None:
        """It is dead. What it still said counts; what it was at is lost, or offered once more."""
        self._alive.remove(worker)
        self._retire(worker)
        for answer in worker.hear():
            self._understand(worker, answer)
        task = worker.task
        begun = task is not None and (worker.doom is not None or worker.had_begun(task))
        how = self._lay_down(worker)
        if not worker.ready:
            self._start_failed(worker.complaint or fault_of_start(how))
        elif task is not None and task.lose(how, begun):
            self._waiting.appendleft(task)

    def _lay_down(self, worker: WorkerProcess) -> str:
        self._selector.unregister(worker.sentinel)
        if worker.line in self._selector.get_map():
            self._selector.unregister(worker.line)
        return worker.bury()

    def _patience_s(self) -> float | None:
        """For how long nothing needs to be done if nothing happens; None: for ever."""
        first_s = min((w.deadline_s for w in self._alive), default=math.inf)
        return None if first_s == math.inf else max(0.0, first_s - time.monotonic())

    def _end_patience(self) -> None:
        now_s = time.monotonic()
        for worker in self._alive:
            if worker.deadline_s <= now_s:
                limit_s = self._options.task_timeout_s if worker.ready else _START_TIMEOUT_S
                worker.deadline_s = math.inf
                worker.kill(f"took longer than {limit_s:g} s")

    def _end(self, fault: Fault) -> None:
        """Workers first, so that none outlives the answer about its task."""
        self._mailbox.close()
        left = [*self._waiting, *self._mailbox.take()[0], *(w.task for w in self._alive if w.task)]
        for worker in self._alive:
            worker.kill()
        for worker in self._alive:
            self._lay_down(worker)
        self._selector.close()
        for task in left:
            task.fail(copy.copy(fault))


def _limits(options: EngineOptions) -> Limits:
    cpu_s = math.ceil(options.task_timeout_s) if math.isfinite(options.task_timeout_s) else 0
    return Limits(options.memory_mib, cpu_s, options.confined)


def _start_frame(options: EngineOptions) -> bytes:
    call = (options.setup, options.setup_args)
    return packed(0, Kind.START, pickle.dumps(call, pickle.HIGHEST_PROTOCOL) if options.setup else b"")
