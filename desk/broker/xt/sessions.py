"""Session ids out of a small pool that turns: the terminal keeps a queue file for every id it has ever seen."""

from __future__ import annotations

import logging
import re
import zlib
from pathlib import Path

log = logging.getLogger(__name__)

_QUEUE_FILE = re.compile(
    r".*(?:up|down)_queue_\D*?(\d+)(?:\.\w+)?"
)  # up_queue_win_11200016, down_queue_xtquant11200016
_FIRST = 10_000_000


class SessionPool:
    """The next id of an account's own sixteen; called by the session's thread alone.

    An id is free again about 4.2 s after its stop, and replays old trades when it is used again at once: the pool turns
    once in sixteen connections, over restarts too, for the newest queue file tells which id was the last.
    """

    size = 16

    def __init__(self, path: str, account_id: str) -> None:
        """`path` is userdata_mini."""
        self._folder = Path(path)
        self._base = _FIRST + zlib.crc32(account_id.encode()) % 90_000 * self.size
        self._last: int | None = None

    def __call__(self) -> int:
        files = self._files()
        last = self._last if self._last is not None else self._newest(files)
        place = 0 if last is None else (last + 1) % self.size
        for file, used in files:
            if used != last:
                self._remove(file)
        self._last = place
        return self._base + place

    def _files(self) -> list[tuple[Path, int]]:
        """Our own sessions' queue files, with their places in the pool."""
        found = []
        try:
            for file in self._folder.iterdir():
                match = _QUEUE_FILE.fullmatch(file.name)
                place = int(match[1]) - self._base if match else -1
                if 0 <= place < self.size:
                    found.append((file, place))
        except OSError as error:
            log.warning("The queue files of %s cannot be listed: %s", self._folder, error)
        return found

    @staticmethod
    def _newest(files: list[tuple[Path, int]]) -> int | None:
        try:
            return max(files, key=lambda item: item[0].stat().st_mtime)[1] if files else None
        except OSError:
            return files[0][1]

    @staticmethod
    def _remove(file: Path) -> None:
        try:
            file.unlink()
        except OSError as error:  # the terminal still holds it: another time
            log.debug("The queue file %s stays: %s", file, error)
