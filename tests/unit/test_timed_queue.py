"""A wait ends on time, whatever signals arrive; nothing that was put is lost or changes its turn."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from queue import Empty

import pytest

from scanpipe.timed_queue import TimedQueue

A_SIGNAL_WHOSE_HANDLER_OUTLASTS_THE_WAIT = """
import signal, time
from queue import Empty
from scanpipe.timed_queue import TimedQueue
signal.signal(signal.SIGALRM, lambda *_: time.sleep(0.2))
signal.setitimer(signal.ITIMER_REAL, 0.05)
try:
    TimedQueue().get(0.1)
except Empty:
    print("on time")
"""
A_SIGNAL_WHOSE_HANDLER_PUTS = """
import signal
from scanpipe.timed_queue import TimedQueue
news = TimedQueue()
signal.signal(signal.SIGALRM, lambda *_: news.put("it came"))
signal.setitimer(signal.ITIMER_REAL, 0.05)
print(news.get(20))
"""


@pytest.mark.parametrize(
    ("program", "says"),
    [(A_SIGNAL_WHOSE_HANDLER_OUTLASTS_THE_WAIT, "on time"), (A_SIGNAL_WHOSE_HANDLER_PUTS, "it came")],
)
def test_a_signal_in_the_middle_of_a_wait(program: str, says: str) -> None:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=10, check=True)
    assert done.stdout.strip() == says


def test_what_threads_put_comes_once_and_each_threads_in_order() -> None:
    news: TimedQueue[tuple[int, int]] = TimedQueue()

    def put_all(who: int) -> None:
        for n in range(2000):
            news.put((who, n))

    threads = [threading.Thread(target=put_all, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    got = [news.get(10) for _ in range(8000)]
    for thread in threads:
        thread.join()
    assert all([n for w, n in got if w == who] == list(range(2000)) for who in range(4)) and news.empty()


def test_nothing_there_is_told_on_time_and_not_before() -> None:
    news: TimedQueue[int] = TimedQueue()
    news.put(1)
    assert news.get() == 1
    began_s = time.monotonic()
    with pytest.raises(Empty):
        news.get(0.05)
    assert 0.05 <= time.monotonic() - began_s < 5
    with pytest.raises(Empty):
        news.get_nowait()
