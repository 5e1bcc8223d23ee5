"""Who asks what in a synthetic history. Ids are negative: no row of a real team or key can have them."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from smartgateway.keys.snapshots import KeySnapshot

TEAMS = {"Platform": 40, "Search": 25, "Mobile": 20, "Data science": 15}
KEYS = ("agents", "editors", "review bot", "ci", "notebooks")  # a team has the first two at least
TAGS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "agents": ((), (), (), ("release",)),
    "editors": ((), (), (), ("docs",)),
    "review bot": (("review",), ("review",), ("review", "release")),
    "ci": (("nightly",), ("review",)),
    "notebooks": ((),),
}


class Caller(NamedTuple):
    key: KeySnapshot
    client: str  # one of KEYS
    weight: int


def callers() -> list[Caller]:
    """Every key: some teams are much busier than others."""
    return [caller for number, team in enumerate(TEAMS, start=1) for caller in callers_of(number, team)]


def callers_of(number: int, team: str) -> Iterator[Caller]:
    for place, client in enumerate(KEYS[: 2 + number % 4], start=1):
        key_id = -(100 * number + place)
        key = KeySnapshot(key_id, f"{client} (sample)", "sample", -number, f"{team} (sample)")
        yield Caller(key, client, TEAMS[team])


def of_client(found: list[Caller], client: str) -> list[Caller]:
    return [caller for caller in found if caller.client == client]


def face_of(client: str) -> str:
    """Agents speak Anthropic's language, the others OpenAI's."""
    return "messages" if client == "agents" else "chat"


def said(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "content": text}
