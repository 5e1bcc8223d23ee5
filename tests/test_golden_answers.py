"""What clients read, byte for byte: each recorded answer of an upstream, on each face, beside the recording.

`goldens/answers/PROVIDER/TRANSCRIPT/FACE.sse` is a stream, `FACE.json` a whole answer; a status that is not 200
stands in the name. What the upstreams said is in `routing/tests/providers/transcripts`.
"""

from pathlib import Path
from typing import NamedTuple

import pytest

from routing.tests.providers.replies import TRANSCRIPTS
from tests.golden import GOLDENS, check, stable, upstreams

FOLDERS = {"anthropic": "anthropic", "ollama": "ollama", "openai_compatible": "openai"}
NAMES = ("mcp.weather", "weather", "ping")
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
SAID = [{"role": "user", "content": "Hi"}]
USAGE = {"include_usage": True}
TEXTS = ("text", "length", "refusal", "overloaded", "crashed", "cut")  # what a completion can tell


def chat(is_stream):
    tools = [{"type": "function", "function": {"name": name, "parameters": SCHEMA}} for name in NAMES]
    options = {"stream_options": USAGE} if is_stream else {}
    return "/v1/chat/completions", {"messages": SAID, "tools": tools, "max_tokens": 4096, **options}


def messages(is_stream):
    tools = [{"name": name.replace(".", "_"), "input_schema": SCHEMA} for name in NAMES]
    return "/v1/messages", {"messages": SAID, "tools": tools, "max_tokens": 4096}


def responses(is_stream):
    tools = [{"type": "function", "name": name, "parameters": SCHEMA, "strict": False} for name in NAMES]
    return "/v1/responses", {"input": "Hi", "tools": tools, "max_output_tokens": 4096}


def completions(is_stream):
    options = {"stream_options": USAGE} if is_stream else {}
    return "/v1/completions", {"prompt": "Hi", "max_tokens": 4096, **options}


def filled_in(is_stream):
    path, body = completions(is_stream)
    return path, {**body, "suffix": "\n"}


FACES = {"chat": chat, "messages": messages, "responses": responses, "completions": completions}


class Case(NamedTuple):
    provider: str
    transcript: str
    face: str
    is_stream: bool

    @property
    def source(self) -> Path:
        return next((TRANSCRIPTS / FOLDERS[self.provider]).glob(f"{self.transcript}.*"))


def cases():
    """Ollama is asked for a stream either way."""
    for provider, folder in FOLDERS.items():
        for source in sorted((TRANSCRIPTS / folder).iterdir()):
            name = source.stem
            ways = (False,) if name == "whole" else (True, False) if provider == "ollama" else (True,)
            faces = ["chat", "messages", "responses", *(["completions"] if name in TEXTS else [])]
            for face in ["completions"] if name == "fill" else [] if name == "infill" else faces:
                yield from (Case(provider, name, face, is_stream) for is_stream in ways)


CASES = list(cases())


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with upstreams(tmp_path_factory.mktemp("goldens")) as served:
        yield served


@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(map(str, case)))
def test_clients_read_what_the_golden_files_show(served, case, pytestconfig):
    upstream = served[case.provider]
    path, body = (filled_in if case.transcript == "fill" else FACES[case.face])(case.is_stream)

    with upstream.double.recorded(case.source.suffix, case.source.read_bytes()):
        answer = upstream.client.post(path, json={"model": upstream.model, **body, "stream": case.is_stream})

    status = "" if answer.status_code == 200 else f".{answer.status_code}"
    kind = "sse" if answer.headers["content-type"].startswith("text/event-stream") else "json"
    golden = GOLDENS / "answers" / case.provider / case.transcript / f"{case.face}{status}.{kind}"
    check(golden, stable(answer.content), is_written=pytestconfig.getoption("--write-goldens"))


def test_no_golden_answer_is_left_of_a_case_that_is_gone():
    folders = {GOLDENS / "answers" / case.provider / case.transcript for case in CASES}

    left = list((GOLDENS / "answers").rglob("*.*"))
    assert {path.parent for path in left} == folders
    assert len(left) == len(CASES)
