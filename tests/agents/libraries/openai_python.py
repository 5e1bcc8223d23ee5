"""OpenAI's client for Python: chat completions or Responses."""

import json

from openai import OpenAI
from wish import ABOUT, KEY, MOST_ROUNDS, NAME, SCHEMA, URL, read_file, wish

CHAT_TOOL = {"type": "function", "function": {"name": NAME, "description": ABOUT, "parameters": SCHEMA, "strict": True}}
FLAT_TOOL = {"type": "function", "name": NAME, "description": ABOUT, "parameters": SCHEMA, "strict": True}
client = OpenAI(base_url=f"{URL}/v1", api_key=KEY, max_retries=0)
asked = wish()


def chat() -> str:
    messages = [{"role": "user", "content": asked.ask}]
    for _ in range(MOST_ROUNDS):
        message = completion(messages).choices[0].message
        if not message.tool_calls:
            return message.content or ""
        calls = [
            {"id": call.id, "type": "function", "function": {"name": NAME, "arguments": call.function.arguments}}
            for call in message.tool_calls
        ]
        messages.append({"role": "assistant", "content": message.content, "tool_calls": calls})
        for call in message.tool_calls:
            result = read_file(**json.loads(call.function.arguments))
            messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
    return "no end"


def completion(messages):
    request = {"model": asked.model, "messages": messages} | ({"tools": [CHAT_TOOL]} if asked.tools else {})
    if asked.whole:
        return client.chat.completions.create(**request)
    with client.chat.completions.stream(**request) as stream:
        return stream.get_final_completion()


def responses() -> str:
    items = [{"role": "user", "content": asked.ask}]
    for _ in range(MOST_ROUNDS):
        answer = response(items)
        calls = [item for item in answer.output if item.type == "function_call"]
        if not calls:
            return answer.output_text
        for call in calls:
            named = {"call_id": call.call_id, "name": call.name, "arguments": call.arguments}
            items.append({"type": "function_call", **named})
        for call in calls:
            result = read_file(**json.loads(call.arguments))
            items.append({"type": "function_call_output", "call_id": call.call_id, "output": result})
    return "no end"


def response(items):
    request = {"model": asked.model, "input": items} | ({"tools": [FLAT_TOOL]} if asked.tools else {})
    if asked.whole:
        return client.responses.create(**request)
    with client.responses.stream(**request) as stream:
        return stream.get_final_response()


print(chat() if asked.face == "chat" else responses())
