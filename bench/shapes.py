"""What is asked: the faces, whole and as streams."""

from typing import Any, NamedTuple

from bench.upstream import CLAUDE, PAUSES

EVENTS = 50
PAUSE_MS = 10
SYSTEM = (
    "You are a helpful assistant for software developers. Answer in plain words and keep to the point. Use short code "
    "blocks where they help, name the language of each, and say so when you are not sure of something."
)
ASK = (
    "Explain what a Python list comprehension does. Show how it is read from left to right, how a condition at its "
    "end leaves elements out, and what it looks like written as a loop. Keep the answer short, use plain words, and "
    "give one example with numbers and one with words"
)


class Shape(NamedTuple):
    """A face with the model that answers there."""

    name: str
    path: str
    body: dict[str, Any]
    most_us: float  # that a burst may add


SAYS = {"role": "user", "content": ASK}
CHAT = Shape(
    "chat passed through",
    "/v1/chat/completions",
    {"model": "auto", "messages": [{"role": "system", "content": SYSTEM}, SAYS], "temperature": 0.2},
    200,
)
MESSAGES = {"system": SYSTEM, "messages": [SAYS], "max_tokens": EVENTS}
TO_CLAUDE = Shape("Messages passed through to Claude", "/v1/messages", {"model": CLAUDE, **MESSAGES}, 200)
TRANSLATED = Shape("Messages translated for the local model", "/v1/messages", {"model": "auto", **MESSAGES}, 400)
SHAPES = (CHAT, TO_CLAUDE, TRANSLATED)


class Scenario(NamedTuple):
    name: str
    connections: int
    members: dict[str, Any]
    shape: Shape = CHAT
    is_paced: bool = False

    @property
    def body(self) -> dict[str, Any]:
        return {**self.shape.body, **self.members}


class Streamed(NamedTuple):
    """A shape's streams, and what each is compared with: the same answer whole, at once and after as long."""

    shape: Shape
    whole: Scenario
    burst: Scenario
    waited: Scenario
    paced: Scenario


STREAM_SECONDS = EVENTS * PAUSE_MS / 1000
SLOWLY = {"max_tokens": PAUSE_MS * PAUSES + EVENTS}


def streamed(shape: Shape) -> Streamed:
    burst = {"stream": True, "max_tokens": EVENTS}
    return Streamed(
        shape,
        WHOLE[32] if shape == CHAT else Scenario(f"{shape.name}: JSON, 32 at once", 32, {}, shape),
        Scenario(f"{shape.name}: {EVENTS} events in a burst, 32 at once", 32, burst, shape),
        Scenario(f"{shape.name}: JSON after {STREAM_SECONDS:g} s, 32 at once", 32, SLOWLY, shape, is_paced=True),
        Scenario(
            f"{shape.name}: {EVENTS} events {PAUSE_MS} ms apart, 32 at once",
            32,
            {"stream": True, **SLOWLY},
            shape,
            is_paced=True,
        ),
    )


WHOLE = {count: Scenario(f"{CHAT.name}: JSON, {count} at once", count, {}) for count in (1, 32, 128)}
STREAMED = [streamed(shape) for shape in SHAPES]
PACED = STREAMED[0].paced
SCENARIOS = [*WHOLE.values(), *(scenario for kind in STREAMED for scenario in kind[1:] if scenario != WHOLE[32])]
