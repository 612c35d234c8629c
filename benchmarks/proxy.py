"""A TCP proxy before a server: it delays what comes back, and notes when a request came first."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

CHUNK = 64 * 1024


class Proxy:
    """One proxy; `first_request` is the monotonic time of the first bytes from a client."""

    def __init__(self, server: str, delay: float) -> None:
        """Keep where the server is, and for how many seconds an answer is held back."""
        parts = urlsplit(server)
        self._server = (parts.hostname, parts.port)
        self._delay = delay
        self.url = ""
        self.first_request: float | None = None

    async def serve(self, ready: threading.Event, done: asyncio.Event) -> None:
        """Take connections until `done`."""
        listener = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        ready.set()
        await done.wait()
        listener.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            behind, towards = await asyncio.open_connection(*self._server)
        except OSError:
            writer.close()
            return
        await asyncio.gather(self._forward(reader, towards), self._hold_back(behind, writer))

    async def _forward(self, reader: asyncio.StreamReader, towards: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                if self.first_request is None:
                    self.first_request = time.monotonic()
                towards.write(data)
                await towards.drain()
        towards.close()

    async def _hold_back(self, behind: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass each piece on so much later than it came: a long way, not a narrow one."""
        pieces: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def read() -> None:
            data = b"-"
            while data:
                data = b""
                with suppress(OSError):
                    data = await behind.read(CHUNK)
                pieces.put_nowait((time.monotonic() + self._delay, data))

        reading = asyncio.create_task(read())
        with suppress(OSError):
            while (piece := await pieces.get())[1]:
                await asyncio.sleep(piece[0] - time.monotonic())
                writer.write(piece[1])
                await writer.drain()
        writer.close()
        await reading


@contextmanager
def proxied(server: str, delay: float = 0.0) -> Iterator[Proxy]:
    """A proxy before a server, on a thread of its own; `delay` in seconds."""
    proxy, ready = Proxy(server, delay), threading.Event()
    loop = asyncio.new_event_loop()
    done = asyncio.Event()

    def run() -> None:
        loop.run_until_complete(proxy.serve(ready, done))
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        ready.wait()
        yield proxy
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join()
