"""A server that answers whatever it was told to, as somebody who holds the tunnel could."""

from __future__ import annotations

import socket
import threading


class Hostile:
    """A server that answers every request with the bytes it was told to, then closes."""

    def __init__(self) -> None:
        self.says = b""
        self.asked = 0  # connections
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._listening.accept()
            except OSError:
                return
            self.asked += 1
            with line:
                try:
                    line.settimeout(10)
                    line.recv(65536)
                    line.sendall(self.says)
                except OSError:
                    continue

    def close(self) -> None:
        # On Linux closing alone would leave the thread in its accept.
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(10)
