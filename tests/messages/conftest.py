import anthropic
import pytest

from tests import gateway
from tests.doubles.anthropic import AnthropicDouble
from tests.doubles.ollama import OllamaDouble
from tests.doubles.serving import serving
from tests.gateway import KEY


@pytest.fixture(scope="package")
def claude():
    return AnthropicDouble()


@pytest.fixture(scope="package")
def served(claude, tmp_path_factory):
    with serving(claude) as claude_url, serving(OllamaDouble()) as local_url:
        variables = {
            "ANTHROPIC_API_KEY": "sk-ant-test",
            "ANTHROPIC_BASE_URL": claude_url,
            "LOCAL_LLM_BASE_URL": local_url,
        }
        with gateway.running(tmp_path_factory.mktemp("gateway"), **variables) as running:
            yield running


@pytest.fixture
def client(served):
    with anthropic.Anthropic(base_url=served.url, api_key=KEY, max_retries=0) as client:
        yield client
