"""`POST /v1/embeddings`: OpenAI's, served by the local embedding model."""

import base64
from array import array
from typing import Any

import msgspec
from django.http import HttpResponse
from rest_framework.request import Request

from smartgateway.api.answering import as_whole
from smartgateway.api.base import GatewayView, key_of
from smartgateway.api.options import options
from smartgateway.api.requests import check_member, check_model
from smartgateway.completions import errands
from smartgateway.completions.errors import BadRequestError
from smartgateway.completions.exchange import Ask
from smartgateway.completions.path import Answered

MAX_INPUTS = 2_048
MAX_TOKENS = 1_000_000  # numbers in token arrays
ENCODINGS = ("float", "base64")
encode = msgspec.json.Encoder().encode


class Embeddings(GatewayView):
    face = "embeddings"

    async def post(self, request: Request) -> HttpResponse:
        data = check_embeddings(request.data)
        text = text_of(data["input"])
        ask = Ask(
            key=key_of(request),
            face=self.face,
            # Upstream floats, whatever the client asks for: not every server knows base64.
            body={**data, "encoding_format": "float", "messages": [{"role": "user", "content": text}]},
            options=options(request.META, data),
            is_stream=False,
            dialect="embeddings",
        )
        wants_base64 = data.get("encoding_format") == "base64"
        return as_whole(await errands.embed(ask, text), whole_in_base64 if wants_base64 else whole)


def check_embeddings(data: object) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise BadRequestError("The body must be a JSON object.")
    check_model(data)
    check_member(data, "user", str)
    check_input(data.get("input"))
    if data.get("encoding_format") not in (None, *ENCODINGS):
        raise BadRequestError("'encoding_format' must be float or base64.", param="encoding_format")
    dimensions = data.get("dimensions")
    if dimensions is not None and not (type(dimensions) is int and 0 < dimensions <= 65_536):
        raise BadRequestError("'dimensions' must be a whole number above 0.", param="dimensions")
    return data


def check_input(given: object) -> None:
    if given in ("", []) or (isinstance(given, list) and any(entry in ("", []) for entry in given[:MAX_INPUTS])):
        raise BadRequestError("'input' holds an empty text.", param="input")
    if isinstance(given, str) or is_tokens(given):
        return
    if not isinstance(given, list) or not (
        all(isinstance(entry, str) for entry in given) or all(map(is_tokens, given))
    ):
        raise BadRequestError("'input' must be a string, or a list of strings.", param="input", code="invalid_type")
    if len(given) > MAX_INPUTS:
        raise BadRequestError(f"'input' has {len(given):,} texts; at most {MAX_INPUTS:,} are allowed.", param="input")


def is_tokens(given: object) -> bool:
    return isinstance(given, list) and 0 < len(given) <= MAX_TOKENS and all(type(token) is int for token in given)


def text_of(given: Any) -> str:
    """All texts in one, for the measures and the digest; a token counts as a word."""
    texts = [given] if isinstance(given, str) else given
    return "\n".join(
        text if isinstance(text, str) else "four" * (len(text) if isinstance(text, list) else 1) for text in texts
    )


def whole(answered: Answered) -> bytes:
    return encode(answered.answer.completion)


def whole_in_base64(answered: Answered) -> bytes:
    completion = answered.answer.completion or {}
    data = [{**entry, "embedding": packed(entry["embedding"])} for entry in completion["data"]]
    return encode({**completion, "data": data})


def packed(vector: list[float] | str) -> str:
    """Little-endian float32, as OpenAI packs them."""
    if isinstance(vector, str):
        return vector
    floats = array("f", vector)
    if array("H", [1]).tobytes() != b"\x01\x00":
        floats.byteswap()
    return base64.b64encode(floats).decode()
