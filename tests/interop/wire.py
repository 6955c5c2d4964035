# wire.py - a network between one client and the server, that can be cut
# SPDX-License-Identifier: MIT

import asyncio


class Wire:
    """Carries connections from a port of its own."""

    def __init__(self):
        self.whole = asyncio.Event()
        self.whole.set()
        self.flowing = asyncio.Event()
        self.flowing.set()
        self.ends = set()
        self.tasks = set()
        self.listener = None

    async def open(self, port):
        """The port that leads to `port`."""
        self.listener = await asyncio.start_server(
            lambda reader, writer: self.carry(reader, writer, port), "127.0.0.1", 0)
        return self.listener.sockets[0].getsockname()[1]

    async def carry(self, reader, writer, port):
        self.tasks.add(asyncio.current_task())
        await self.whole.wait()
        onward_reader, onward_writer = await asyncio.open_connection("127.0.0.1", port)
        self.ends |= {writer, onward_writer}
        await asyncio.gather(self.copy(reader, onward_writer), self.copy(onward_reader, writer))

    async def copy(self, reader, writer):
        try:
            while data := await reader.read(65536):
                await self.flowing.wait()
                writer.write(data)
                await writer.drain()
            writer.write_eof()
        except OSError:
            pass

    def stall(self):
        """What is sent from now on is lost if the wire is cut."""
        self.flowing.clear()

    def cut(self):
        """Both sides see a reset; new connections hear nothing until it is mended."""
        self.whole.clear()
        for end in self.ends:
            end.transport.abort()
        self.ends.clear()

    def mend(self):
        self.whole.set()
        self.flowing.set()

    def close(self):
        self.listener.close()
        self.cut()
        for task in self.tasks:
            task.cancel()
