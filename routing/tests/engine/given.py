"""What the engine's tests start from: the shipped policy, usual surroundings, short ways to write a request."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from routing.engine.content import content_of, matched_phrases, policy_from
from routing.engine.features import Features, measure
from routing.engine.types import LocalModel, Policy, RoutingRequest, Surroundings
from routing.phrases import compile_matcher

DEFAULTS = Path(__file__).parents[2] / "defaults" / "policy.yaml"
MODELS = {
    "local": "qwen2.5-coder:14b-instruct",
    "haiku": "claude-haiku-5-5",
    "sonnet": "claude-sonnet-5-5",
    "opus": "claude-opus-5-5",
    "classifier": "qwen2.5-coder:14b-instruct",
}
LOCAL = LocalModel(MODELS["local"], loaded=True, context_tokens=16_384, vision=False, tools=True)
DEMO = LocalModel("demo/smollm2-135m", loaded=True, context_tokens=2_048, vision=False, tools=False, is_demo=True)
AGENT_PROMPT = "You are a powerful agentic coding assistant that works inside an editor. " * 20
TOOL = {"type": "function", "function": {"name": "read_file", "parameters": {"properties": {"path": {}}}}}
CALL = {
    "role": "assistant",
    "content": None,
    "tool_calls": [{"id": "1", "function": {"name": "ls", "arguments": "{}"}}],
}
RESULT = {"role": "tool", "tool_call_id": "1", "content": "models.py"}


@cache
def defaults() -> dict[str, Any]:
    return {**content_of(yaml.safe_load(DEFAULTS.read_text())), "models": MODELS}


@cache
def shipped() -> Policy:
    return policy_from(defaults(), version=1, match=compile_matcher(matched_phrases(defaults())))


def policy(
    thresholds: dict[str, float] | None = None, switches: dict[str, bool] | None = None, **changes: Any
) -> Policy:
    """The shipped policy with some numbers, switches or members changed; the phrases stay."""
    content = {
        **defaults(),
        "thresholds": {**defaults()["thresholds"], **(thresholds or {})},
        "switches": {**defaults()["switches"], **(switches or {})},
        **changes,
    }
    return policy_from(content, version=2, match=shipped().match)


def with_phrases(name: str, *texts: str) -> Policy:
    """The shipped policy with more phrases in one list."""
    listed = defaults()["phrases"]
    content = {**defaults(), "phrases": {**listed, name: {**listed[name], **dict.fromkeys(texts, 1.0)}}}
    return policy_from(content, version=2, match=compile_matcher(matched_phrases(content)))


def user(text: Any) -> dict[str, Any]:
    return {"role": "user", "content": text}


def assistant(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def system(text: Any) -> dict[str, Any]:
    return {"role": "system", "content": text}


def request(*messages: Any, **changes: Any) -> RoutingRequest:
    """Strings are what the user says."""
    turns = tuple(user(message) if isinstance(message, str) else message for message in messages)
    return RoutingRequest(turns, **changes)


def measured(*messages: Any, **changes: Any) -> Features:
    return measure(request(*messages, **changes), shipped())


def surroundings(**changes: Any) -> Surroundings:
    return Surroundings(**{"local": LOCAL, **changes})
