"""Libraries, current and of the major version before, each used by one of the programs in `libraries`."""

from dataclasses import replace
from functools import partial

from tests.agents.recipes import CONTENT, FILE, Recipe, calling
from tests.gateway import KEY

CHAT, MESSAGES, RESPONSES = "chat", "messages", "responses"


def library(name: str, package: str, script: str, *faces: str) -> list[Recipe]:
    """The same library once for each face; `package` says which of its versions."""
    is_npm = script.endswith(".mjs")
    return [
        Recipe(
            name,
            package,
            "node" if is_npm else "python",
            is_npm,
            face,
            command=partial(command_of, face),
            tool_ask=calling("read_file", path=FILE),
            tool_options=("--tools",),
            streams=(True, False),
            no_stream=("--whole",),
            environment={"GATEWAY_KEY": KEY, "CONTENT": CONTENT, "FILE": FILE},
            script=script,
        )
        for face in faces
    ]


def command_of(face: str, program: list[str], ask: str, model: str) -> list[str]:
    return [*program, face, model, ask]


CURRENT_PYTHON = (
    *library("openai-python", "", "openai_python.py", CHAT, RESPONSES),
    *library("anthropic-python", "", "anthropic_python.py", MESSAGES),
)
ON_DEMAND = (
    *library("openai-python-2", "openai>=2,<3", "openai_python.py", CHAT, RESPONSES),
    *library("anthropic-python-1", "anthropic>=1,<2", "anthropic_python.py", MESSAGES),
    *library("langchain-openai", "langchain-openai>=1,<2", "langchain_python.py", CHAT, RESPONSES),
    *library(
        "pydantic-ai", "pydantic-ai-slim[openai,anthropic]>=2,<3", "pydantic_ai_python.py", CHAT, MESSAGES, RESPONSES
    ),
    *library("openai-javascript", "openai@7", "openai_javascript.mjs", CHAT, RESPONSES),
    *library("openai-javascript-6", "openai@6", "openai_javascript.mjs", CHAT, RESPONSES),
    *library("anthropic-javascript", "@anthropic-ai/sdk@1", "anthropic_javascript.mjs", MESSAGES),
    *library("anthropic-javascript-0", "@anthropic-ai/sdk@0", "anthropic_javascript.mjs", MESSAGES),
)
WEB = tuple(
    replace(
        recipe, without=("accelerate", "sentence-transformers", "faster-whisper", "rapidocr", "opencv-python-headless")
    )
    for recipe in library("open-webui", "open-webui>=0.12,<0.13", "open_webui.py", CHAT)
)
LIBRARIES = CURRENT_PYTHON + ON_DEMAND + WEB
