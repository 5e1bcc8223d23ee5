"""Names and ids that Claude's API accepts, for those that it does not; the same in, the same out."""

import re

FOREIGN = re.compile(r"[^a-zA-Z0-9_-]")
NAME_LENGTH = 128


def unique(wanted: str, taken: set[str]) -> str:
    """The wanted word, numbered when it is taken already."""
    word, number = wanted, 2
    while word in taken:
        word = f"{wanted[: NAME_LENGTH - 8]}_{number}"
        number += 1
    taken.add(word)
    return word


class ToolNames:
    """Each foreign tool name has one acceptable stand-in, turned back in the answer."""

    def __init__(self) -> None:
        self._safe: dict[str, str] = {}
        self._original: dict[str, str] = {}
        self._taken: set[str] = set()

    def safe(self, name: str) -> str:
        if name not in self._safe:
            word = unique(FOREIGN.sub("_", name)[:NAME_LENGTH] or "tool", self._taken)
            self._safe[name] = word
            self._original[word] = name
        return self._safe[name]

    def original(self, name: str) -> str:
        return self._original.get(name, name)

    def __contains__(self, name: str) -> bool:
        return name in self._safe


class CallIds:
    """Ids must be unique in a conversation; a client may use one again, and means the newest with it."""

    def __init__(self) -> None:
        self._newest: dict[str, str] = {}
        self._taken: set[str] = set()

    def of_call(self, given: str) -> str:
        self._newest[given] = unique(FOREIGN.sub("_", given) or "call", self._taken)
        return self._newest[given]

    def of_result(self, given: str) -> str | None:
        return self._newest.get(given)
