"""Any valid request in one API's words reaches every provider with its meaning, and what does not arrive is named."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from routing.providers.anthropic import passing
from routing.providers.anthropic import request as claude
from routing.providers.anthropic.models import API_VERSION
from routing.providers.base import Call
from routing.providers.ollama import request as ollama
from routing.providers.openai_compatible import request_of
from smartgateway.api.messages.request import indoor
from smartgateway.api.requests import check_chat
from smartgateway.api.responses.request import incoming
from smartgateway.api.shapes import chat_form
from smartgateway.api.tests.meaning.heard import asking_for_a_call, by_claude, by_compatible, by_ollama, meant
from smartgateway.api.tests.meaning.spoken import WRITERS
from smartgateway.api.tests.meaning.wishes import wishes
from smartgateway.completions.passing import members
from tests.doubles.anthropic.app import complaint_about_request
from tests.doubles.ollama.shape import ChatRequest, complaint_about
from tests.doubles.openai_compatible import complaint_about as compatible_complaint_about

FACES = pytest.mark.parametrize("face", WRITERS)
EXAMPLES = settings(max_examples=40, derandomize=True)
OPUS, HAIKU = "claude-opus-5-5", "claude-haiku-5-5"
DROPPED_AS = {"temperature": "temperature", "effort": "reasoning_effort", "choice": "tool_choice"}
DIALECTS = {"chat": "openai", "messages": "anthropic", "responses": "responses"}


def call_of(face: str, data: dict[str, Any], model: str) -> Call:
    """As the face hands it in; `raw` where the caller speaks the provider's dialect."""
    body = {
        "chat": lambda: chat_form(data).body,
        "messages": lambda: check_chat(indoor(data)),
        "responses": lambda: incoming(data).body,
    }[face]()
    raw = members(json.dumps(data).encode(), ())
    return Call(model, body, "attempt", dialect=DIALECTS[face], raw=raw)


@pytest.mark.parametrize("model", [OPUS, HAIKU])
@FACES
@EXAMPLES
@given(wish=wishes())
def test_a_request_reaches_claude_with_its_meaning(face, model, wish):
    call = call_of(face, {"model": model, **WRITERS[face](wish)}, model)

    if face == "messages":
        passed = passing.passed(call, API_VERSION)
        body, dropped = json.loads(passed.joined()), passed.dropped
    else:
        request = claude.build(call)
        body, dropped = json.loads(json.dumps(request.body)), request.dropped
    told, wanted = by_claude(body), meant(wish)

    assert complaint_about_request(body, {"anthropic-version": API_VERSION}) is None
    check(told, wanted, dropped)


@FACES
@EXAMPLES
@given(wish=wishes())
def test_a_request_reaches_ollama_with_its_meaning(face, wish):
    request = ollama.build(
        call_of(face, WRITERS[face](wish), "qwen"), num_ctx=8192, keep_alive="5m", thinks=False, sees=True
    )
    told, wanted = by_ollama(request.body), meant(wish)

    assert complaint_about(msgspec.convert(request.body, ChatRequest), ("tools", "vision")) is None
    choice = wanted.settings.get("choice")
    if choice == "none":
        wanted.tools = {}
        del wanted.settings["choice"]
    elif choice in wanted.tools:
        wanted.tools = {choice: wanted.tools[choice]}
    check(told, wanted, request.dropped)


@FACES
@EXAMPLES
@given(wish=wishes())
def test_a_request_reaches_a_server_of_openais_dialect_with_its_meaning(face, wish):
    content, dropped = request_of(call_of(face, WRITERS[face](wish), "qwen"))
    body = json.loads(content)
    told, wanted = by_compatible(body), meant(wish)

    if face != "chat":  # its own words pass as they came
        assert compatible_complaint_about(body) is None
    check(told, wanted, dropped)


def check(told, wanted, dropped):
    """What is asked for in a sentence instead stands in the system text."""
    choice = wanted.settings.get("choice")
    if choice not in (None, "auto", "none") and "tool_choice" in dropped:
        wanted.system.append(asking_for_a_call(choice))
    assert told.ordered() == wanted.ordered()
    assert told.system == wanted.system
    assert told.tools == wanted.tools
    for name, value in wanted.settings.items():
        is_default = (name, value) in (("choice", "auto"), ("is_parallel", True))
        is_named = DROPPED_AS.get(name, "parallel_tool_calls" if name == "is_parallel" else name) in dropped
        assert is_default or is_named or told.settings.get(name) == value, name
