import openai
import pytest

from tests.doubles.ollama import OllamaDouble
from tests.gateway import KEY
from tests.upstreams import between_doubles


@pytest.fixture(scope="package")
def world(tmp_path_factory):
    models = {"qwen2.5-coder:14b-instruct": ("completion", "tools", "vision")}
    with between_doubles(tmp_path_factory.mktemp("gateway"), OllamaDouble(models=models)) as world:
        yield world


@pytest.fixture(scope="package")
def client(world):
    with openai.OpenAI(base_url=f"{world.gateway.url}/v1", api_key=KEY, max_retries=0, timeout=30) as client:
        yield client
