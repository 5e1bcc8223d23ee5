import asyncio

from routing.capabilities import loading
from routing.capabilities.loading import Loader


class Slow:
    """A server that loads until it is told to stop."""

    def __init__(self):
        self.calls = []
        self.may_end = asyncio.Event()

    async def complete(self, call):
        self.calls.append(call.model)
        await self.may_end.wait()


async def test_a_load_that_takes_longer_than_the_pause_is_not_begun_again_beside_it(monkeypatch):
    monkeypatch.setattr(loading, "AGAIN_SECONDS", 0.0)
    server = Slow()
    loader = Loader(server)

    for _ in range(2):
        loader.is_missed = True
        loader.see_to("small:1b", is_loaded=False)
        await asyncio.sleep(0)

    assert server.calls == ["small:1b"]
    server.may_end.set()
    await loader.loading
