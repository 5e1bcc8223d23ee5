"""How each client is installed and asked one thing without a person at the keyboard."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.gateway import KEY

FILE = "hello.txt"
SAID = "all is well"
ASK = f"[[say:{SAID}]]"
READ = "the file was read"
CONTENT = f"[[say:{READ}]]"  # what the double says once it is shown the file


def calling(tool: str, **arguments: object) -> str:
    return f"[[call:{tool} {json.dumps(arguments)}]]"


@dataclass(frozen=True)
class Recipe:
    """`name` is the client's in clients.yaml. `command` makes the arguments from its program, the ask and the model.

    `tool_ask` makes the double call one of the client's own tools; empty where it has none. `places` says where a file
    of the set-up goes that is not named from the home folder. A library is used by a program of ours, its `script`, and
    has no set-up; without a `package` it is the one that the tests themselves have. `without` names parts that it does
    not need for what is asked of it: gigabytes of drivers, say.
    """

    name: str
    package: str
    program: str
    is_npm: bool
    face: str
    command: Callable[[list[str], str, str], list[str]]
    tool_ask: str = ""
    streams: tuple[bool, ...] = (True,)
    no_stream: tuple[str, ...] = ()
    tool_options: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    before: tuple[tuple[str, ...], ...] = ()
    is_asked_by_pipe: bool = False
    tool_says: str = READ
    script: str = ""
    without: tuple[str, ...] = ()

    @property
    def distribution(self) -> str:
        """The package's name, without extras and version."""
        return re.split(r"(?<=.)@|[\[<>=~]", self.package or self.name.removesuffix("-python"))[0]


RECIPES = (
    Recipe(
        "claude-code",
        "@anthropic-ai/claude-code",
        "claude",
        is_npm=True,
        face="messages",
        command=lambda program, ask, model: [*program, "-p", ask, "--allowedTools", "Read"],
        tool_ask=calling("Read", file_path=f"{{home}}/work/{FILE}"),
        environment={"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"},
    ),
    Recipe(
        "aider",
        "aider-chat",
        "aider",
        is_npm=False,
        face="chat",
        command=lambda program, ask, model: [
            *program,
            "--model",
            f"openai/{model}",
            "--weak-model",
            f"openai/{model}",
            "--message",
            ask,
            "--no-git",
            "--yes-always",
            "--no-check-update",
            "--no-analytics",
            "--no-pretty",
            "--no-show-release-notes",
        ],
        streams=(True, False),
        no_stream=("--no-stream",),
        environment={"LITELLM_LOCAL_MODEL_COST_MAP": "True"},
    ),
    Recipe(
        "llm",
        "llm",
        "llm",
        is_npm=False,
        face="chat",
        command=lambda program, ask, model: [*program, "prompt", "-m", "smartgateway", ask],
        tool_ask=calling("llm_version"),
        tool_options=("-T", "llm_version"),
        tool_says="",
        streams=(True, False),
        no_stream=("--no-stream",),
        environment={"LLM_USER_PATH": "{home}/llm"},
        places={"extra-openai-models.yaml": "llm/extra-openai-models.yaml"},
        before=(("keys", "set", "smartgateway", "--value", KEY),),
    ),
    Recipe(
        "continue",
        "@continuedev/cli",
        "cn",
        is_npm=True,
        face="chat",
        command=lambda program, ask, model: [*program, "--config", "{home}/.continue/config.yaml", "--auto", "-p", ask],
        tool_ask=calling("Read", filepath=FILE),
        environment={"CONTINUE_TELEMETRY_ENABLED": "0"},
    ),
    Recipe(
        "opencode",
        "opencode-ai",
        "opencode",
        is_npm=True,
        face="chat",
        command=lambda program, ask, model: [*program, "run", "-m", f"smartgateway/{model}"],
        is_asked_by_pipe=True,  # arguments it quotes once more
        tool_ask=calling("read", filePath=FILE),
        environment={"OPENCODE_DISABLE_AUTOUPDATE": "1", "OPENCODE_DISABLE_MODELS_FETCH": "1"},
    ),
    Recipe(
        "codex",
        "@openai/codex",
        "codex",
        is_npm=True,
        face="responses",
        command=lambda program, ask, model: [
            *program,
            "exec",
            "--skip-git-repo-check",
            "--dangerously-bypass-approvals-and-sandbox",
            ask,
        ],
        tool_ask=calling("exec_command", cmd=f"cat {FILE}"),
        environment={"SMARTGATEWAY_API_KEY": KEY},
    ),
)
