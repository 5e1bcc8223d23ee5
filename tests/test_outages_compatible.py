"""As `test_outages`, behind a local server that speaks OpenAI, whose bytes pass through to clients that do."""

import pytest

from tests.doubles.openai_compatible import OpenAICompatibleDouble
from tests.upstreams import (
    AnthropicClient,
    OpenAIClient,
    between_doubles,
    check_failure,
    check_unrecorded,
    check_whole_record,
)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("outages")
    with between_doubles(folder, OpenAICompatibleDouble(), LOCAL_LLM_KIND="openai_compatible") as world:
        yield world


@pytest.fixture(params=[OpenAIClient, AnthropicClient], ids=lambda kind: kind.name)
async def client(request, world):
    client = request.param(world.gateway.url)
    yield client
    await client.close()


@pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("word", ["garbage", "hang-up", "html", "500", "break", "crash", "no-end"])
async def test_a_failing_upstream_is_an_error_of_the_clients_protocol(world, client, word, is_stream):
    told = await check_failure(world, client, "local", f"[[say:one two three]][[{word}]]", is_stream=is_stream)

    is_after_first_byte = is_stream and word in ("break", "crash", "no-end")
    assert getattr(told.error, "status_code", 200) == (200 if is_after_first_byte else 502)


async def test_a_stream_whose_outcome_cannot_be_recorded_does_not_end_well(world, client):
    text = f"{client.name} [[say:one two three four]][[drip:0.15]]"

    await check_unrecorded(world, client, "local", text, is_stream=True)


def test_the_record_is_whole_after_all_this(world):
    check_whole_record(world)
