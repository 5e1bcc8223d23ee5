"""Requests in indoor form, and the body that Claude is sent for them, judged by the double."""

import json

from routing.providers.anthropic.request import build
from routing.providers.base import Call
from tests.doubles.anthropic.app import complaint_about_request

OPUS, SONNET, HAIKU, OLD = "claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5", "claude-haiku-4-5"
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def user(content="Hi"):
    return {"role": "user", "content": content}


def assistant(content="Hello", **members):
    return {"role": "assistant", "content": content, **members}


def system(content="Be brief"):
    return {"role": "system", "content": content}


def calling(*ids, name="weather", arguments='{"city":"Oslo"}'):
    calls = [{"id": i, "type": "function", "function": {"name": name, "arguments": arguments}} for i in ids]
    return assistant(None, tool_calls=calls)


def result(call_id, content="rain"):
    return {"role": "tool", "tool_call_id": call_id, "content": content}


def request_for(*messages, model=OPUS, caches=True, **members):
    request = build(Call(model, {"messages": list(messages) or [user()], **members}, "attempt", caches=caches))
    complaint = complaint_about_request(json.loads(json.dumps(request.body)), {"anthropic-version": request.version})
    assert complaint is None, complaint
    return request
