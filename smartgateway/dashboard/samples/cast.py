"""Who asks what in a synthetic history. Ids are negative: no row of a real team or key can have them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from routing.engine.types import SessionState, Tier
from smartgateway.keys.snapshots import KeySnapshot

TEAMS = {"Platform": 40, "Search": 25, "Mobile": 20, "Data science": 15}
KEYS = ("ci", "editors", "code review", "assistants", "notebooks")
TAGS = ((), (), (), ("review",), ("nightly",), ("docs",), ("review", "release"))
SYSTEM = "You are an agentic coding assistant. Use the tools to read and edit files. " * 20
TOOL = {"type": "function", "function": {"name": "read_file", "description": "Reads a file.", "parameters": {}}}
CALL = {"id": "c1", "type": "function", "function": {"name": "read_file", "arguments": '{"path": "app/views.py"}'}}


@dataclass(frozen=True, slots=True)
class Kind:
    """`weight` of all requests. Tokens are medians; `cached` is the share of the input read from a prompt cache."""

    weight: int
    messages: Sequence[Mapping[str, Any]]
    input_tokens: int
    output_tokens: int
    cached: float = 0.0
    model: str = ""
    tools: Sequence[Mapping[str, Any]] = ()
    session: SessionState | None = None


def ask(text: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": text}]


def asked_again(first: str, answer: str, text: str) -> list[dict[str, Any]]:
    return [*ask(first), {"role": "assistant", "content": answer}, *ask(text)]


def agent_turn(text: str) -> list[dict[str, Any]]:
    return [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": text},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "c1", "content": "def view(request):\n    return render(request)\n" * 40},
    ]


CLAUDE_SESSION = SessionState(Tier.SONNET, used_tools=True, idle_seconds=12.0)
OPUS_SESSION = SessionState(Tier.OPUS, used_tools=True, idle_seconds=20.0)
KINDS = (
    Kind(14, ask("Explain this function: def add(a, b): return a + b"), 700, 260),
    Kind(12, ask("Write a docstring for def slugify(text): ..."), 500, 160),
    Kind(9, ask("What is a closure in Python?"), 120, 300),
    Kind(
        10,
        asked_again(
            "What is a context manager in Python?",
            "An object with `__enter__` and `__exit__`: `with` calls the one before its block and the other after. "
            * 12,
            "Write a docstring for def opened(path): ...",
        ),
        1_600,
        180,
    ),
    Kind(6, ask("Generate a short title for this conversation. Reply with the title only."), 420, 14),
    Kind(7, ask("Our checkout still loses carts after the deploy, why?"), 2_400, 520),
    Kind(5, ask("Make this nicer."), 1_300, 340),
    Kind(4, ask("Which of these two plans suits us better?"), 1_900, 450, model="sonnet"),
    Kind(
        3,
        ask("Prove that this lock-free queue is linearizable and analyze the trade-offs of each fence."),
        3_600,
        1_500,
    ),
    Kind(3, ask("Rename the variable x to count in: x = 1"), 300, 60, model="opus"),
    Kind(2, ask("What does `git rebase -i` do?"), 160, 220, model="gpt-4o"),
    Kind(2, ask("Summarise our incident."), 2_900, 380, model="haiku"),
    Kind(1, ask("Draft a release note."), 900, 300, model="claude-fable-5-2"),
    Kind(16, agent_turn("Add a rate limit to the login view"), 24_000, 420, 0.86, tools=[TOOL], session=CLAUDE_SESSION),
    Kind(9, agent_turn("Fix the failing test in tests/test_views.py"), 31_000, 380, 0.9, tools=[TOOL]),
    Kind(
        4, agent_turn("Design the migration to event sourcing"), 42_000, 900, 0.82, tools=[TOOL], session=OPUS_SESSION
    ),
    Kind(3, agent_turn("Refactor app/views.py and app/urls.py"), 36_000, 700, 0.85, model="opus", tools=[TOOL]),
)


def keys() -> list[tuple[KeySnapshot, int]]:
    """Every key with its weight: some teams and keys are much busier than others."""
    found = []
    for number, (team, weight) in enumerate(TEAMS.items(), start=1):
        for place, name in enumerate(KEYS[: 2 + number % 4], start=1):
            key_id = -(100 * number + place)
            key = KeySnapshot(key_id, f"{name} (sample)", "sample", -number, f"{team} (sample)")
            found.append((key, weight // place))
    return found
