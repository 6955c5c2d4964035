# arrivals.py - what came to a client, kept until a test expects it
# SPDX-License-Identifier: MIT

import asyncio

TIMEOUT_S = 20


class Arrivals:
    def __init__(self, whose):
        self.whose = whose
        self.items = []
        self.news = asyncio.Event()

    def note(self, item):
        self.items.append(item)
        self.news.set()
        return item

    async def expect(self, what, test):
        """The first arrival that passes; what came before it stays for later."""
        deadline = asyncio.get_running_loop().time() + TIMEOUT_S
        while True:
            for item in self.items:
                if test(item):
                    self.items.remove(item)
                    return item
            self.news.clear()
            left = deadline - asyncio.get_running_loop().time()
            try:
                await asyncio.wait_for(self.news.wait(), max(left, 0))
            except asyncio.TimeoutError:
                came = "\n    ".join(map(str, self.items))
                raise AssertionError(
                    f"{self.whose} waited for {what}; what came:\n    {came}") from None
