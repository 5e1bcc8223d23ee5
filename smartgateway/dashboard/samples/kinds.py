"""The kinds of requests in a synthetic history, as a team of developers sends them: how often, and how long.

Most of the traffic, and nearly all of its cost, are agents' turns with long contexts that Claude's prompt cache knows;
people's own asks are short. Lengths are plausible, not measured; what is saved follows from them as in earnest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from routing.engine.types import SessionState, Tier
from smartgateway.dashboard.samples.cast import said

Messages = Sequence[Mapping[str, Any]]
FUNCTION = """
def settle(order, payments):
    total = sum(payment.amount for payment in payments if payment.is_captured)
    if total < order.total:
        raise UnderpaidError(order.number, order.total - total)
    order.mark_paid(total)
    return total
"""
EXPLANATION = "It adds up what was captured and compares it with the order. " * 25
AGENT = "You are an agentic coding assistant. Use the tools to read and edit files in the user's repository. "
TOOLS = [
    {"type": "function", "function": {"name": name, "description": "Works on a file. " * 40, "parameters": {}}}
    for name in ("read_file", "edit_file", "run_tests", "search")
]
CALL = {"id": "c1", "type": "function", "function": {"name": "read_file", "arguments": '{"path": "app/orders.py"}'}}
SONNET_SESSION = SessionState(Tier.SONNET, used_tools=True, idle_seconds=12.0)
OPUS_SESSION = SessionState(Tier.OPUS, used_tools=True, idle_seconds=20.0)


@dataclass(frozen=True, slots=True)
class Kind:
    """`weight` of all requests. `output_tokens` is a median; `cached` is the share of the input in a prompt cache."""

    weight: int
    client: str
    messages: Messages
    output_tokens: int
    cached: float = 0.0
    tools: Sequence[Mapping[str, Any]] = ()
    model: str = ""
    session: SessionState | None = None


def code(times: int) -> str:
    return f"\n```python\n{FUNCTION * times}```"


def ask(text: str) -> Messages:
    return [said("user", text)]


def further(*turns: str) -> Messages:
    """People's asks and the answers to them by turns, the newest last."""
    return [said("assistant" if place % 2 else "user", turn) for place, turn in enumerate(turns)]


def opening(text: str) -> Messages:
    return [said("system", AGENT * 120), said("user", text)]


def turn(text: str, read: int) -> Messages:
    """In the middle of an agent's work: what it has read is long, what was asked of it is not."""
    result = {"role": "tool", "tool_call_id": "c1", "content": FUNCTION * read}
    return [*opening(text), {"role": "assistant", "content": None, "tool_calls": [CALL]}, result]


CHATS = (
    Kind(60, "editors", ask(f"Explain this function:{code(10)}"), 380),
    Kind(45, "editors", ask(f"Write a docstring for this:{code(6)}"), 190),
    Kind(30, "editors", ask(f"Add type hints to this function:{code(8)}"), 620),
    Kind(35, "notebooks", ask("What is a context manager in Python?"), 420),
    Kind(25, "editors", ask("What does `git rebase -i` do?"), 350),
    Kind(40, "editors", further(f"Explain this function:{code(10)}", EXPLANATION, "Now write a docstring."), 210),
    Kind(30, "editors", ask(f"Our checkout still loses carts after the deploy, why?{code(40)}"), 750),
    Kind(20, "editors", ask(f"Make this nicer.{code(12)}"), 700),
    Kind(25, "review bot", ask(f"Review this change and name what could break.{code(60)}"), 650),
    Kind(10, "ci", ask(f"Summarise why this run failed.\n{'E  assert total == 42 ' * 120}"), 240),
    Kind(4, "editors", ask("Prove that this lock-free queue is linearizable and analyze the trade-offs."), 2_100),
    Kind(12, "editors", ask(f"Which of these two plans suits us better?{code(8)}"), 600, model="sonnet"),
    Kind(8, "notebooks", ask("Rename the variable x to count in: x = 1"), 60, model="opus"),
    Kind(15, "ci", ask("Write a regular expression for a version number."), 160, model="gpt-4o"),
    Kind(3, "notebooks", ask(f"Draft a release note for this:{code(10)}"), 500, model="claude-fable-5-2"),
)
AGENTS = (
    Kind(330, "agents", turn("Add a rate limit to the login view", 450), 430, 0.95, TOOLS, session=SONNET_SESSION),
    Kind(110, "agents", turn("Fix the failing test in tests/test_orders.py", 260), 380, 0.9, TOOLS),
    Kind(45, "agents", opening("Add pagination to the list of orders"), 520, 0.8, TOOLS),
    Kind(8, "agents", turn("Design the migration to event sourcing", 600), 900, 0.94, TOOLS, session=OPUS_SESSION),
    Kind(45, "agents", turn("Refactor app/orders.py and app/views.py", 500), 620, 0.94, TOOLS, model="opus"),
    Kind(40, "agents", ask("Generate a short title for this conversation. Reply with the title only."), 12),
    Kind(25, "agents", ask(f"Summarise what this command printed.{code(16)}"), 90, model="haiku"),
)
KINDS = (*CHATS, *AGENTS)
