# people.py - two people, with a client on each of their devices
# SPDX-License-Identifier: MIT

import contextlib


class People:
    """Each device by its name: `people.juliet_desk` is the client on Juliet's desk."""

    def __init__(self, demo, make_client):
        self.demo = demo
        self.make_client = make_client      # of a name and a password
        self.clients = {}

    def __getattr__(self, name):
        return self.clients[name]

    def make(self, name, password=None):
        return self.make_client(name, password or self.demo.accounts[name.split("_")[0]])

    async def bring(self, name, is_direct=False):
        client = self.clients[name] = self.make(name)
        await client.come_online(is_direct)

    async def take_away(self, *names):
        for name in names:
            await self.clients.pop(name).leave()

    async def take_all_away(self):
        await self.take_away(*list(self.clients))


@contextlib.asynccontextmanager
async def gathered(demo, make_client):
    people = People(demo, make_client)
    try:
        yield people
    finally:
        await people.take_all_away()
