"""Anthropic's client for Python."""

from anthropic import Anthropic
from wish import ABOUT, KEY, MOST_ROUNDS, NAME, SCHEMA, URL, read_file, wish

TOOL = {"name": NAME, "description": ABOUT, "input_schema": SCHEMA}
client = Anthropic(base_url=URL, api_key=KEY, max_retries=0)
asked = wish()


def said() -> str:
    messages = [{"role": "user", "content": asked.ask}]
    for _ in range(MOST_ROUNDS):
        answer = message(messages)
        if answer.stop_reason != "tool_use":
            return "".join(block.text for block in answer.content if block.type == "text")
        calls = [block for block in answer.content if block.type == "tool_use"]
        results = [
            {"type": "tool_result", "tool_use_id": call.id, "content": read_file(**call.input)} for call in calls
        ]
        messages += [{"role": "assistant", "content": answer.content}, {"role": "user", "content": results}]
    return "no end"


def message(messages):
    request = {"model": asked.model, "max_tokens": 4_096, "messages": messages}
    request |= {"tools": [TOOL]} if asked.tools else {}
    if asked.whole:
        return client.messages.create(**request)
    with client.messages.stream(**request) as stream:
        return stream.get_final_message()


print(said())
