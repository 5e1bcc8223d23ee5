"""The description of the API agrees with the routes and, in generated requests, with what the gateway answers."""

import asyncio
import json

import hypothesis
import pytest
import schemathesis
from django.test import RequestFactory
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from smartgateway.api import description
from smartgateway.urls import api_views
from tests import gateway
from tests.doubles.anthropic import AnthropicDouble
from tests.doubles.ollama import OllamaDouble
from tests.doubles.serving import serving
from tests.gateway import KEY

CODER, EMBEDDER = "qwen2.5-coder:14b-instruct", "nomic-embed-text:latest"
INSTALLED = {CODER: ("completion", "tools", "insert"), EMBEDDER: ("embedding",)}
FEW = hypothesis.settings(
    max_examples=10, deadline=None, derandomize=True, suppress_health_check=list(hypothesis.HealthCheck), database=None
)
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)
schema = schemathesis.openapi.from_dict(description.description())


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serving(AnthropicDouble()) as claude_url, serving(OllamaDouble(models=INSTALLED)) as local_url:
        variables = {
            "ANTHROPIC_API_KEY": "sk-ant-test",
            "ANTHROPIC_BASE_URL": claude_url,
            "LOCAL_LLM_BASE_URL": local_url,
            "LOCAL_FIM_MODEL": CODER,
        }
        running = gateway.Gateway(tmp_path_factory.mktemp("gateway"), **variables)
        running.prepare()
        running.lift_limits()
        running.start()
        yield running
        running.stop()


@schema.parametrize()
@FEW
def test_generated_requests_are_answered_as_described(case, served):
    response = case.call(base_url=served.url, headers={"x-api-key": KEY}, timeout=60)

    case.validate_response(response, checks=CHECKS)


def test_every_endpoint_is_described_and_nothing_else():
    routes = {"/" + str(view.pattern).replace("<path:name>", "{id}") for view in api_views}

    assert set(description.description()["paths"]) == routes


def test_the_description_is_served_as_json():
    response = asyncio.run(description.openapi(RequestFactory().get("/v1/openapi.json")))

    assert json.loads(response.content)["openapi"] == "3.1.0"


def test_the_page_names_every_endpoint_and_loads_nothing_from_elsewhere(client):
    response = client.get("/docs/")

    text = response.content.decode()
    assert all(path in text for path in description.description()["paths"])
    assert "default-src 'none'" in response["content-security-policy"]
    assert "https://" not in text
    assert "<script" not in text
