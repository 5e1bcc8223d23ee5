"""A token a second, through a whole gateway in processes of its own, for as long as is asked for.

`DRIP_SECONDS=3600 make test-all` lets it last the hour that the accelerated test of the suite stands for.
"""

import asyncio
import os
import time

import httpx
import pytest

from bench.processes import resident_megabytes
from tests import gateway
from tests.doubles.anthropic import AnthropicDouble
from tests.doubles.serving import serving
from tests.gateway import KEY, wait_until

SECONDS = int(os.environ.get("DRIP_SECONDS", "120"))
WARM_SECONDS = 20  # first uses: imports, pools, the first reports
GROWTH_MB = 4
SAID = f"[[say:{'word ' * SECONDS}]][[drip:1.0]]"
ASKS = {
    "/v1/chat/completions": {"messages": [{"role": "user", "content": SAID}]},
    "/v1/messages": {"messages": [{"role": "user", "content": SAID}], "max_tokens": 100_000},
    "/v1/responses": {"input": SAID, "store": False},
    "/v1/completions": {"prompt": SAID},
}


@pytest.fixture
def served(tmp_path):
    with (
        serving(AnthropicDouble()) as url,
        gateway.running(tmp_path, ANTHROPIC_API_KEY="sk-ant-test", ANTHROPIC_BASE_URL=url) as running,
    ):
        yield running


@pytest.mark.long
async def test_a_token_a_second_arrives_as_such_and_leaves_no_memory_behind(served):
    worker = served.part("worker")
    async with httpx.AsyncClient(base_url=served.url, timeout=90, headers={"x-api-key": KEY}) as client:
        streams = [asyncio.create_task(arrivals(client, path, body)) for path, body in ASKS.items()]
        await asyncio.sleep(WARM_SECONDS)
        before = resident_megabytes(worker)
        arrived = await asyncio.gather(*streams)
        after = resident_megabytes(worker)

    assert after - before < GROWTH_MB
    for times in arrived:
        assert len(times) >= SECONDS * 0.9  # hardly two in one read: nothing was gathered on the way
        assert times[-1] - times[0] >= SECONDS * 0.9
    answered = [("answered",)] * len(ASKS)
    wait_until(lambda: served.rows("SELECT status FROM audit_outcome") == answered, "the outcomes are shipped")


async def arrivals(client, path, body):
    times = []
    async with client.stream("POST", path, json={"model": "sonnet", "stream": True, **body}) as response:
        assert response.status_code == 200, await response.aread()
        async for _ in response.aiter_raw():
            times.append(time.monotonic())
    return times
