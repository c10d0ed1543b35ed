"""A real daemon in real time: a modest stream of signals over HTTP, read every few seconds."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from time import monotonic

import psutil

from desk.clock import SystemClock
from desk.journal import views
from tests.soak.gauges import Reading, read
from tests.stand_in.programs import Postman, Program, make_home, sender, until

STOCKS = 200
_PAUSES_S = (0.3, 2.0)


class Life:
    """A daemon on a paper account that is always open, and a thread that buys a lot of some stock again and again."""

    def __init__(self, folder: Path, *, strategies: int, seed: int = 1) -> None:
        port = make_home(folder, ratios=("1",) * strategies)
        self.program = Program(folder, port=port, only="")
        self.chance = random.Random(seed)
        self.strategies = strategies
        self.sent = 0
        self._over = threading.Event()
        self._stream = threading.Thread(target=self._send, name="stream")

    def __enter__(self) -> Life:
        self.program.start()
        self._stream.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._rest()
        self.program.kill()

    def _rest(self) -> None:
        self._over.set()
        self._stream.join()

    def _send(self) -> None:
        postmen = [Postman(self.program.port, sender(n)) for n in range(1, self.strategies + 1)]
        numbers = [0] * self.strategies
        while not self._over.wait(self.chance.uniform(*_PAUSES_S)):
            who = self.chance.randrange(self.strategies)
            numbers[who] += 1
            postman, now = postmen[who], SystemClock().now()
            content = {
                "y": "o", "q": numbers[who], "r": "s", "d": int(now.timestamp()), "o": str(numbers[who]),
                "x": f"600{self.chance.randrange(STOCKS):03d}.XSHG", "b": 1, "a": 100, "f": 100, "p": 10, "u": "h",
            }  # fmt: skip
            postman.deliver(postman.sender.body(content, at=now))
            self.sent += 1
        for postman in postmen:
            postman.close()

    def readings(self, seconds: float, every_s: float) -> Iterator[Reading]:
        """Read again and again for so long."""
        assert self.program.process is not None
        process = psutil.Process(self.program.process.pid)
        begun, pulse = monotonic(), threading.Event()
        with self.program.journal() as journal:
            while (passed := monotonic() - begun) < seconds:
                pulse.wait(min(every_s, seconds - passed))
                cpu_s = sum(process.cpu_times()[:2])
                when = f"{monotonic() - begun:6.0f}s {cpu_s:4.0f}s cpu"
                yield read(when, process, journal, self.program.home / "data" / "journal.sqlite3")

    def judge(self) -> None:
        """Everything that was sent is followed once."""
        self._rest()
        today = SystemClock().now().date()  # a long life may have seen midnight

        def done() -> bool:
            with self.program.journal() as journal:
                said = views.signals(journal, day_from=today - timedelta(days=1), day_to=today)
            return len(said) == self.sent and all(signal["verdict"] == "done" for signal in said)

        until(done, lambda: f"{self.sent} sent")
