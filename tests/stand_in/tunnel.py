"""A reverse SSH tunnel as `ssh -R` makes it: a server with a public port, and a trading PC that connects out to it.

Both ends run on one event loop in a thread of its own; the PC comes back after every cut, as frpc does.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

import asyncssh

_T = TypeVar("_T")
_PATIENCE_S = 60.0


class _Anybody(asyncssh.SSHServer):
    """Lets everyone in who has the address; any public port may be asked for."""

    def begin_auth(self, username: str) -> bool:
        return False

    def server_requested(self, listen_host: str, listen_port: int) -> bool:
        return True


class Tunnel:
    """`public_port` leads to `local_port`; `between` puts a relay between PC and server: server's port -> its own.

    Built, opened, closed: each once, from one thread.
    """

    def __init__(self, local_port: int, public_port: int, between: Callable[[int], int] = lambda port: port) -> None:
        self.local_port, self.public_port = local_port, public_port
        self.times = 0  # how often the PC has come through
        self._between = between
        self._up = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="tunnel", daemon=True)

    def open(self) -> None:
        """Return when the public port listens."""
        self._thread.start()
        port = self._do(self._serve())
        self._client = asyncio.run_coroutine_threadsafe(self._stay(self._between(port)), self._loop)
        assert self._up.wait(_PATIENCE_S), "the tunnel never came up"

    def close(self) -> None:
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE_S)
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE_S)

    async def _serve(self) -> int:
        self._key = asyncssh.generate_private_key("ssh-ed25519")
        self._server = await asyncssh.listen(
            "127.0.0.1", 0, server_host_keys=[self._key], server_factory=_Anybody, reuse_address=True
        )
        return int(self._server.get_port())

    async def _stay(self, port: int) -> None:
        """Be connected, again and again."""
        trusted = ([self._key.convert_to_public()], [], [])
        while True:
            with suppress(OSError, asyncssh.Error):
                async with asyncssh.connect(
                    "127.0.0.1", port, known_hosts=trusted, username="pc", client_keys=None, config=None
                ) as line:
                    await line.forward_remote_port("127.0.0.1", self.public_port, "127.0.0.1", self.local_port)
                    self.times += 1
                    self._up.set()
                    await line.wait_closed()
            await asyncio.sleep(0.05)

    async def _end(self) -> None:
        self._client.cancel()
        self._server.close()
        await self._server.wait_closed()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
