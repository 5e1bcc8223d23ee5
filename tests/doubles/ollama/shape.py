"""A body of `/api/chat` as Ollama's own types have it (api/types.go), unknown members refused."""

from typing import Any

import msgspec


class Closed(msgspec.Struct, forbid_unknown_fields=True):
    """Real Ollama overlooks what it does not know; here a misspelt member is to be noticed."""


class Options(Closed):
    num_ctx: int | None = None
    num_predict: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    repeat_penalty: float | None = None
    stop: list[str] = []


class CalledFunction(Closed):
    name: str
    arguments: dict[str, Any]
    index: int = 0


class ToolCall(Closed):
    function: CalledFunction
    id: str = ""


class Message(Closed):
    role: str
    content: str = ""
    thinking: str = ""
    images: list[str] | None = None
    tool_calls: list[ToolCall] | None = None
    tool_name: str = ""
    tool_call_id: str = ""


class Parameters(msgspec.Struct):
    type: str
    properties: dict[str, dict[str, Any]]
    required: list[str] | None = None


class Function(msgspec.Struct):
    name: str
    parameters: Parameters
    description: str = ""


class Tool(msgspec.Struct):
    type: str
    function: Function


class ChatRequest(Closed):
    model: str
    messages: list[Message] = []
    stream: bool = True
    format: Any = None
    keep_alive: float | str | None = None
    tools: list[Tool] | None = None
    options: Options = msgspec.field(default_factory=Options)
    think: bool | str | None = None
    truncate: bool = True
    shift: bool = True


class GenerateRequest(Closed):
    model: str
    prompt: str = ""
    suffix: str = ""
    raw: bool = False
    stream: bool = True
    keep_alive: float | str | None = None
    options: Options = msgspec.field(default_factory=Options)
    truncate: bool = True
    shift: bool = True


class EmbedRequest(Closed):
    model: str
    input: str | list[str]
    truncate: bool = True
    dimensions: int | None = None
    keep_alive: float | str | None = None
    options: Options = msgspec.field(default_factory=Options)


def complaint_about(request: ChatRequest, capabilities: tuple[str, ...]) -> str | None:
    if any(message.role not in ("system", "user", "assistant", "tool") for message in request.messages):
        return "invalid role"
    if request.tools and "tools" not in capabilities:
        return f"{request.model} does not support tools"
    if request.think and "thinking" not in capabilities:
        return f'"{request.model}" does not support thinking'
    images = [image for message in request.messages for image in message.images or ()]
    if any(image.startswith("data:") for image in images):
        return "illegal base64 data at input byte 4"
    if images and "vision" not in capabilities:
        return "this model is missing data required for image input"
    return None
