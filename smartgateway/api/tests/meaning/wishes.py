"""What a client may want, in no API's words: strategies of conversations, tools and settings that every API can say."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

PNG = "iVBORw0KGgo="
JPEG = "/9j/4AAQ"
NAMES = ("read_file", "run-tests", "Grep2")
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"path": {"type": "string"}, "lines": {"type": "array", "items": {"type": "integer"}}},
    "required": ["path", "lines"],
    "additionalProperties": False,
}


@dataclass(frozen=True)
class User:
    """Texts, then images."""

    texts: tuple[str, ...]
    images: tuple[str, ...] = ()


@dataclass(frozen=True)
class Late:
    """A rule amid the conversation."""

    text: str


@dataclass(frozen=True)
class Call:
    id: str
    name: str
    arguments: dict[str, Any]
    result: str


@dataclass(frozen=True)
class Assistant:
    """What was said, then calls, each with the result that the client gives after them."""

    text: str
    calls: tuple[Call, ...] = ()


Turn = User | Late | Assistant


@dataclass(frozen=True)
class Wish:
    system: tuple[str, ...]
    turns: tuple[Turn, ...]
    tools: tuple[str, ...]
    settings: dict[str, Any] = field(default_factory=dict)
    in_parts: bool = False  # texts as lists of parts, where an API has both ways


LETTERS = st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp"))
LINE = st.text(LETTERS, min_size=1, max_size=8)
TEXT = st.one_of(LINE, st.builds("{} \n\n\t{}\u2028".format, LINE, LINE))
ARGUMENTS = st.dictionaries(
    st.sampled_from(["path", "deep", "number"]),
    st.one_of(TEXT, st.integers(-(2**53), 2**53), st.booleans(), st.none(), st.lists(TEXT, max_size=2)),
    max_size=2,
)
IDS = st.sampled_from(["call_1", "toolu_01", "functions.run:0", "a b", "call_1\nfc_2", "ü"])
USERS = st.builds(
    User,
    st.lists(TEXT, min_size=1, max_size=2).map(tuple),
    st.lists(st.sampled_from([PNG, JPEG]), max_size=1).map(tuple),
)


def calls(names: tuple[str, ...]) -> st.SearchStrategy[tuple[Call, ...]]:
    if not names:
        return st.just(())
    call = st.builds(Call, IDS, st.sampled_from(names), ARGUMENTS, st.one_of(TEXT, st.just("")))
    return st.lists(call, max_size=3, unique_by=lambda call: call.id).map(tuple)


@st.composite
def conversations(draw: st.DrawFn, names: tuple[str, ...]) -> tuple[Turn, ...]:
    """Begins with the user and ends with something to answer."""
    turns: list[Turn] = [draw(USERS)]
    for _ in range(draw(st.integers(0, 3))):
        if draw(st.booleans()):
            turns.append(Late(draw(TEXT)))
        said = draw(st.builds(Assistant, TEXT, calls(names)))
        turns.append(said)
        if not said.calls or draw(st.booleans()):
            turns.append(draw(USERS))
    return tuple(turns)


SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "max_tokens": st.integers(1, 60_000),
        "temperature": st.sampled_from([0, 0.5, 1]),
        "stop": st.lists(st.sampled_from(["END", "###", "stop it"]), min_size=1, max_size=3, unique=True),
        "schema": st.just(SCHEMA),
        "effort": st.sampled_from(["low", "medium", "high"]),
        "choice": st.sampled_from(["auto", "none", "required", NAMES[0]]),
        "is_parallel": st.booleans(),
    },
)


@st.composite
def wishes(draw: st.DrawFn) -> Wish:
    names = draw(st.sampled_from([(), NAMES[:1], NAMES]))
    settings = draw(SETTINGS)
    if not names:
        settings = {name: value for name, value in settings.items() if name not in ("choice", "is_parallel")}
    if settings.get("choice") == "none":
        settings.pop("is_parallel", None)
    system = tuple(draw(st.lists(TEXT, max_size=2)))
    return Wish(system, draw(conversations(names)), names, settings, draw(st.booleans()))


def described(name: str) -> str:
    return f"The tool {name}"
