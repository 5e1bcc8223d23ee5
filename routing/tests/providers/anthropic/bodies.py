"""Bodies in Claude's own dialect, as they come and as they are sent on."""

import json

import msgspec

from routing.providers.anthropic.models import API_VERSION
from routing.providers.anthropic.passing import passed
from routing.providers.base import Call
from tests.doubles.anthropic.app import complaint_about_request

USER = {"role": "user", "content": "Hi"}
ASSISTANT = {"role": "assistant", "content": "Hello"}
TOOL = {"name": "weather", "input_schema": {"type": "object"}}


def call(model, body, **more):
    raw = body if isinstance(body, bytes) else json.dumps({"max_tokens": 9_000, "messages": [USER], **body}).encode()
    indoor = {"messages": msgspec.json.decode(raw)["messages"]}
    members = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    members.pop("provider", None)
    return Call(model, indoor, "attempt", dialect="anthropic", raw=members, **more)


def sent(model, version=API_VERSION, /, **body):
    """What Claude gets instead of this body, and what is named as changed."""
    found = passed(call(model, body), version)
    content = json.loads(found.joined())
    complaint = complaint_about_request(content, {"anthropic-version": version})
    assert complaint is None, complaint
    return content, found.dropped
