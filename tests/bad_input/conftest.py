"""One gateway between doubles of its upstreams, with a model for each face."""

import httpx
import pytest

from tests import gateway
from tests.bad_input.refusals import PATIENCE_SECONDS
from tests.doubles.anthropic import AnthropicDouble
from tests.doubles.ollama import OllamaDouble
from tests.doubles.serving import serving
from tests.gateway import KEY


@pytest.fixture(scope="package")
def served(tmp_path_factory):
    installed = {
        "qwen2.5-coder:14b-instruct": ("completion", "tools", "insert"),
        "nomic-embed-text:latest": ("embedding",),
    }
    with serving(AnthropicDouble()) as claude_url, serving(OllamaDouble(models=installed)) as local_url:
        variables = {
            "ANTHROPIC_API_KEY": "sk-ant-test",
            "ANTHROPIC_BASE_URL": claude_url,
            "LOCAL_LLM_BASE_URL": local_url,
            "LOCAL_FIM_MODEL": "qwen2.5-coder:14b-instruct",
        }
        with gateway.running(tmp_path_factory.mktemp("gateway"), is_limited=False, **variables) as running:
            yield running


@pytest.fixture
def client(served):
    with httpx.Client(base_url=served.url, headers={"x-api-key": KEY}, timeout=PATIENCE_SECONDS) as client:
        yield client
