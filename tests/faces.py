"""The official clients asking one and the same thing in each face's own words."""

import json
from dataclasses import dataclass, field
from typing import Any

import anthropic
import openai

from tests.gateway import KEY

NAME = "read_file"
PARAMETERS = {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}


@dataclass
class Wish:
    """What is asked for; `answered` are calls and their results that stand between the ask and the answer."""

    text: str
    is_stream: bool
    has_tools: bool = False
    image: str = ""
    schema: dict[str, Any] | None = None
    stop: str = ""
    effort: str = ""
    answered: list[tuple[str, dict[str, Any], str]] = field(default_factory=list)


@dataclass
class Heard:
    text: str
    calls: list[tuple[str, dict[str, Any]]]
    end: str
    tokens: tuple[int, int]
    model: str
    headers: Any


class Chat:
    """`ends` are this face's words for an answer that is whole, cut off, and for calls."""

    ends = ("stop", "length", "tool_calls")

    def __init__(self, url: str) -> None:
        self.client = openai.OpenAI(base_url=f"{url}/v1", api_key=KEY, max_retries=0, timeout=60)

    def ask(self, model: str, wish: Wish) -> Heard:
        raw = self.client.chat.completions.with_raw_response.create(model=model, **self.body(wish))
        if not wish.is_stream:
            completion = raw.parse()
            message, end, usage = completion.choices[0].message, completion.choices[0].finish_reason, completion.usage
            calls = [(call.id, json.loads(call.function.arguments)) for call in message.tool_calls or ()]
            tokens = (usage.prompt_tokens, usage.completion_tokens)
            return Heard(message.content or "", calls, end, tokens, completion.model, raw.headers)
        return self.put_together(list(raw.parse()), raw.headers)

    def put_together(self, chunks: list[Any], headers: Any) -> Heard:
        deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
        fragments = [fragment for delta in deltas for fragment in delta.tool_calls or ()]
        ids = {fragment.index: fragment.id for fragment in fragments if fragment.id}
        arguments = {
            index: "".join(part.function.arguments or "" for part in fragments if part.index == index) for index in ids
        }
        calls = [(ids[index], json.loads(arguments[index])) for index in sorted(ids)]
        text, usage = "".join(delta.content or "" for delta in deltas), chunks[-1].usage
        [end] = [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices and chunk.choices[0].finish_reason]
        return Heard(text, calls, end, (usage.prompt_tokens, usage.completion_tokens), chunks[-1].model, headers)

    def body(self, wish: Wish) -> dict[str, Any]:
        content: list[dict[str, Any]] = [{"type": "text", "text": wish.text}]
        content += [{"type": "image_url", "image_url": {"url": wish.image}}] if wish.image else []
        messages: list[dict[str, Any]] = [{"role": "user", "content": content if wish.image else wish.text}]
        if wish.answered:
            made = [
                {"id": i, "type": "function", "function": {"name": NAME, "arguments": json.dumps(given)}}
                for i, given, _ in wish.answered
            ]
            messages.append({"role": "assistant", "content": None, "tool_calls": made})
            messages += [{"role": "tool", "tool_call_id": i, "content": result} for i, _, result in wish.answered]
        body: dict[str, Any] = {"messages": messages, "stream": wish.is_stream}
        if wish.is_stream:
            body["stream_options"] = {"include_usage": True}
        if wish.has_tools:
            body["tools"] = [{"type": "function", "function": {"name": NAME, "parameters": PARAMETERS}}]
        if wish.schema:
            body["response_format"] = {"type": "json_schema", "json_schema": {"name": "x", "schema": wish.schema}}
        body |= {"stop": [wish.stop]} if wish.stop else {}
        return body | ({"reasoning_effort": wish.effort} if wish.effort else {})


class Messages:
    ends = ("end_turn", "max_tokens", "tool_use")

    def __init__(self, url: str) -> None:
        self.client = anthropic.Anthropic(base_url=url, api_key=KEY, max_retries=0, timeout=60)

    def ask(self, model: str, wish: Wish) -> Heard:
        if wish.is_stream:
            with self.client.messages.stream(model=model, **self.body(wish)) as stream:
                message, headers = stream.get_final_message(), stream.response.headers
        else:
            raw = self.client.messages.with_raw_response.create(model=model, **self.body(wish))
            message, headers = raw.parse(), raw.headers
        calls = [(block.id, block.input) for block in message.content if block.type == "tool_use"]
        text = "".join(block.text for block in message.content if block.type == "text")
        tokens = (message.usage.input_tokens, message.usage.output_tokens)
        return Heard(text, calls, message.stop_reason, tokens, message.model, headers)

    def body(self, wish: Wish) -> dict[str, Any]:
        content: list[dict[str, Any]] = [{"type": "text", "text": wish.text}]
        if wish.image:
            source = {"type": "base64", "media_type": "image/png", "data": wish.image.partition(",")[2]}
            content.append({"type": "image", "source": source})
        messages: list[dict[str, Any]] = [{"role": "user", "content": content}]
        if wish.answered:
            made = [{"type": "tool_use", "id": i, "name": NAME, "input": given} for i, given, _ in wish.answered]
            results = [{"type": "tool_result", "tool_use_id": i, "content": said} for i, _, said in wish.answered]
            messages += [{"role": "assistant", "content": made}, {"role": "user", "content": results}]
        body: dict[str, Any] = {"max_tokens": 5_000, "messages": messages}
        if wish.has_tools:
            body["tools"] = [{"name": NAME, "input_schema": PARAMETERS}]
        config: dict[str, Any] = {"effort": wish.effort} if wish.effort else {}
        if wish.schema:
            config["format"] = {"type": "json_schema", "schema": {**wish.schema, "additionalProperties": False}}
        body |= {"output_config": config} if config else {}
        return body | ({"stop_sequences": [wish.stop]} if wish.stop else {})


class Responses:
    """It has no word for calls and knows no stop sequences."""

    ends = ("completed", "incomplete", "completed")

    def __init__(self, url: str) -> None:
        self.client = openai.OpenAI(base_url=f"{url}/v1", api_key=KEY, max_retries=0, timeout=60)

    def ask(self, model: str, wish: Wish) -> Heard:
        raw = self.client.responses.with_raw_response.create(model=model, stream=wish.is_stream, **self.body(wish))
        response = list(raw.parse())[-1].response if wish.is_stream else raw.parse()
        calls = [(item.call_id, json.loads(item.arguments)) for item in response.output if item.type == "function_call"]
        tokens = (response.usage.input_tokens, response.usage.output_tokens)
        return Heard(response.output_text, calls, response.status, tokens, response.model, raw.headers)

    def body(self, wish: Wish) -> dict[str, Any]:
        content: list[dict[str, Any]] = [{"type": "input_text", "text": wish.text}]
        content += [{"type": "input_image", "image_url": wish.image, "detail": "auto"}] if wish.image else []
        items: list[dict[str, Any]] = [{"role": "user", "content": content}]
        items += [
            {"type": "function_call", "call_id": i, "name": NAME, "arguments": json.dumps(given)}
            for i, given, _ in wish.answered
        ]
        items += [{"type": "function_call_output", "call_id": i, "output": said} for i, _, said in wish.answered]
        body: dict[str, Any] = {"input": items}
        if wish.has_tools:
            body["tools"] = [{"type": "function", "name": NAME, "parameters": PARAMETERS, "strict": False}]
        if wish.schema:
            body["text"] = {"format": {"type": "json_schema", "name": "x", "schema": wish.schema}}
        return body | ({"reasoning": {"effort": wish.effort}} if wish.effort else {})


class Completions(Chat):
    """A text, and nothing else."""

    def ask(self, model: str, wish: Wish) -> Heard:
        options: dict[str, Any] = {"stream_options": {"include_usage": True}} if wish.is_stream else {}
        raw = self.client.completions.with_raw_response.create(
            model=model, prompt=wish.text, stream=wish.is_stream, stop=wish.stop or None, **options
        )
        parts = list(raw.parse()) if wish.is_stream else [raw.parse()]
        choices = [part.choices[0] for part in parts if part.choices]
        usage = parts[-1].usage
        text, end = "".join(choice.text for choice in choices), choices[-1].finish_reason
        return Heard(text, [], end, (usage.prompt_tokens, usage.completion_tokens), parts[-1].model, raw.headers)


FACES = {"chat": Chat, "messages": Messages, "responses": Responses, "completions": Completions}
