"""Over a local server that speaks OpenAI's chat."""

import openai
import pytest

from tests.doubles.openai_compatible import OpenAICompatibleDouble
from tests.gateway import KEY
from tests.responses.answer import EITHER_WAY, Answer
from tests.upstreams import between_doubles


@pytest.fixture(scope="module")
def compatible_client(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compatible")
    with (
        between_doubles(folder, OpenAICompatibleDouble(), LOCAL_LLM_KIND="openai_compatible") as world,
        openai.OpenAI(base_url=f"{world.gateway.url}/v1", api_key=KEY, max_retries=0, timeout=30) as client,
    ):
        yield client


@EITHER_WAY
def test_a_server_that_speaks_openai_chat_answers_too(compatible_client, is_stream):
    answer = Answer(compatible_client, is_stream, model="local", input="[[say:all is well]]")

    assert (answer.response.output_text, answer.response.status) == ("all is well", "completed")
    assert answer.response.usage.total_tokens == 12


@pytest.mark.parametrize("words", ["[[break]] [[say:one two three]]", "[[no-end]] [[say:one two three]]"])
def test_its_broken_streams_are_failures(compatible_client, words):
    seen = []

    stream = compatible_client.responses.create(model="local", input=words, stream=True)
    with stream, pytest.raises(openai.APIError):
        seen.extend(stream)

    assert seen[-1].type == "response.failed"
