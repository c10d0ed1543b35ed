"""A reverse SSH tunnel as `ssh -R` makes it: a server with a public port, and a trading PC that connects out to it.

`python -m tests.stand_in.tunnel PUBLIC_PORT LOCAL_PORT` is both ends in a process of its own: it prints the SSH
server's port, reads the port that the PC shall connect to, prints a line whenever the PC has come through, and ends
with its stdin. The PC comes back after every cut, as frpc does.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress

import asyncssh

from tests.reading import ROOT

_AGAIN_S = 0.05


class Tunnel:
    """`public_port` leads to `local_port`; `between` puts a relay between PC and server: server's port -> its own.

    Built, opened, closed: each once, from one thread.
    """

    def __init__(self, local_port: int, public_port: int, between: Callable[[int], int] = lambda port: port) -> None:
        self.local_port, self.public_port = local_port, public_port
        self.times = 0  # how often the PC has come through, known after the end
        self._between = between

    def open(self) -> None:
        """Return when the public port listens."""
        command = [sys.executable, "-m", "tests.stand_in.tunnel", str(self.public_port), str(self.local_port)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="ascii"
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        port = self._between(int(self._process.stdout.readline()))
        print(port, file=self._process.stdin, flush=True)
        assert self._process.stdout.readline() == "up\n"

    def close(self) -> None:
        rest, _ = self._process.communicate(timeout=60)
        self.times = 1 + rest.count("up")


class _Anybody(asyncssh.SSHServer):
    """Lets everyone in who has the address; any public port may be asked for."""

    def begin_auth(self, username: str) -> bool:
        return False

    def server_requested(self, listen_host: str, listen_port: int) -> bool:
        return True


async def _both_ends(public_port: int, local_port: int) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    server = await asyncssh.listen("127.0.0.1", 0, server_host_keys=[key], server_factory=_Anybody)
    print(server.get_port(), flush=True)
    loop = asyncio.get_running_loop()
    port = int(await loop.run_in_executor(None, sys.stdin.readline))
    staying = asyncio.create_task(_stay(port, key, public_port, local_port))
    await loop.run_in_executor(None, sys.stdin.read)
    staying.cancel()


async def _stay(port: int, key: asyncssh.SSHKey, public_port: int, local_port: int) -> None:
    """Be connected, again and again."""
    trusted = ([key.convert_to_public()], [], [])
    while True:
        with suppress(OSError, asyncssh.Error):
            async with asyncssh.connect(
                "127.0.0.1", port, known_hosts=trusted, username="pc", client_keys=None, config=None
            ) as line:
                await line.forward_remote_port("127.0.0.1", public_port, "127.0.0.1", local_port)
                print("up", flush=True)
                await line.wait_closed()
        await asyncio.sleep(_AGAIN_S)


if __name__ == "__main__":
    asyncio.run(_both_ends(int(sys.argv[1]), int(sys.argv[2])))
