"""`POST /v1/completions`: OpenAI's text completions. With `suffix`, autocompletion by the local model alone."""

from collections.abc import Mapping
from typing import Any

import msgspec
from django.http import HttpResponse
from rest_framework.request import Request

from routing.providers.base import ChatCompletionChunk
from smartgateway.api.answering import as_stream, as_whole, respond
from smartgateway.api.base import GatewayView, key_of
from smartgateway.api.errors import openai_body
from smartgateway.api.options import options
from smartgateway.api.requests import check_chat, check_member, check_model
from smartgateway.completions import errands
from smartgateway.completions.errors import BadRequestError, GatewayError
from smartgateway.completions.exchange import Ask
from smartgateway.completions.path import Answered

OF_TEXT = frozenset({"prompt", "suffix", "echo", "best_of", "n", "logprobs"})
encode = msgspec.json.Encoder().encode


class Completions(GatewayView):
    face = "completions"

    async def post(self, request: Request) -> HttpResponse:
        data = check_completion(request.data)
        text = data["prompt"] if isinstance(data["prompt"], str) else data["prompt"][0]
        is_fill = data.get("suffix") is not None
        ask = Ask(
            key=key_of(request),
            face=self.face,
            body=fill_body(data, text) if is_fill else chat_body(data, text),
            options=options(request.META, data),
            is_stream=bool(data.get("stream")),
            dialect="completions",
        )
        render = CompletionsRenderer(include_usage=bool((data.get("stream_options") or {}).get("include_usage")))
        if not is_fill:
            return await respond(ask, render, whole)
        everything = text + data["suffix"]
        if ask.is_stream:
            return await as_stream(errands.fill_streamed(ask, everything, render), render)
        return as_whole(await errands.fill(ask, everything), whole)


def check_completion(data: object) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise BadRequestError("The body must be a JSON object.")
    for name, kind in (("suffix", str), ("stream", bool), ("echo", bool), ("stream_options", dict)):
        check_member(data, name, kind)
    check_model(data)
    check_prompt(data.get("prompt"))
    for name in ("n", "best_of"):
        if data.get(name) not in (None, 1) or data.get(name) is True:
            raise BadRequestError(f"'{name}' must be 1: one completion is given per request.", param=name)
    if data.get("echo"):
        raise BadRequestError("'echo' is not possible here: the prompt is not repeated.", param="echo")
    if data.get("tools"):
        raise BadRequestError("'tools' belong to chat completions: a text cannot hold calls.", param="tools")
    if data.get("logprobs") is not None:
        raise BadRequestError("'logprobs' is not possible here.", param="logprobs")
    return data


def check_prompt(prompt: object) -> None:
    texts = prompt if isinstance(prompt, list) else [prompt]
    if texts and all(type(entry) is int or isinstance(entry, list) for entry in texts):
        raise BadRequestError("'prompt' must be text: tokens are not understood here.", param="prompt")
    if not all(isinstance(entry, str) for entry in texts):
        raise BadRequestError("'prompt' must be a string.", param="prompt", code="invalid_type")
    if len(texts) != 1:
        raise BadRequestError("'prompt' must be one text: send a request for each.", param="prompt")


def chat_body(data: Mapping[str, Any], text: str) -> dict[str, Any]:
    if not text:
        raise BadRequestError("'prompt' is empty.", param="prompt")
    rest = {name: value for name, value in data.items() if name not in OF_TEXT}
    return check_chat({**rest, "messages": [{"role": "user", "content": text}]})


def fill_body(data: Mapping[str, Any], text: str) -> dict[str, Any]:
    return {**data, "prompt": text, "messages": [{"role": "user", "content": text}]}


def whole(answered: Answered) -> bytes:
    completion = answered.answer.completion
    assert completion is not None  # no provider speaks this dialect, so that nothing passes through
    choice = completion["choices"][0]
    return encode(
        {
            **shell(completion),
            "choices": [text_choice(choice["message"].get("content"), choice.get("finish_reason"))],
            "usage": completion.get("usage"),
        }
    )


def shell(completion: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": completion.get("id", ""),
        "object": "text_completion",
        "created": completion.get("created", 0),
        "model": completion.get("model", ""),
    }


def text_choice(text: str | None, finish_reason: str | None) -> dict[str, Any]:
    return {"text": text or "", "index": 0, "logprobs": None, "finish_reason": finish_reason}


class CompletionsRenderer:
    """Text completions as a stream; the usage chunk goes only to clients that asked for it."""

    def __init__(self, *, include_usage: bool) -> None:
        self.include_usage = include_usage

    def chunk(self, chunk: ChatCompletionChunk) -> bytes:
        choices = chunk.get("choices")
        if not choices:
            return (
                self._frame({**shell(chunk), "choices": [], "usage": chunk.get("usage")}) if self.include_usage else b""
            )
        text, reason = choices[0]["delta"].get("content"), choices[0].get("finish_reason")
        if not text and reason is None:
            return b""
        return self._frame({**shell(chunk), "choices": [text_choice(text, reason)]})

    def end(self) -> bytes:
        return b"data: [DONE]\n\n"

    def error(self, exc: GatewayError) -> bytes:
        return self._frame(openai_body(exc))

    def _frame(self, event: Mapping[str, Any]) -> bytes:
        return b"data: " + encode(event) + b"\n\n"
