"""Items of the Responses face, and chat completions as their answers."""

from hypothesis import strategies as st

from smartgateway.api.responses.request import incoming

RUN = {"type": "function", "name": "run", "parameters": {"type": "object", "properties": {}}}
PATCH = {"type": "custom", "name": "patch", "description": "Edits.", "format": {"type": "text"}}


def read(*items, **members):
    return incoming({"input": list(items), **members})


def completion(*, calls=(), finish_reason="stop", **said):
    made = [
        {"id": f"call_{index}", "type": "function", "function": {"name": name, "arguments": arguments}}
        for index, (name, arguments) in enumerate(calls)
    ]
    message = {"role": "assistant", "content": None, **said, **({"tool_calls": made} if made else {})}
    choices = [{"index": 0, "message": message, "finish_reason": finish_reason}]
    return {"id": "chatcmpl-1", "model": "m", "choices": choices}


WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20).map(lambda text: f"w{text}w")
