"""Calls of our own providers to the doubles."""

from routing.providers.base import Call

TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}


def call(text, model, **members):
    return Call(model, {"messages": [{"role": "user", "content": text}], **members}, "attempt-7")
