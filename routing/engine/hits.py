"""Which phrases of the policy's lists stand in the parts of a request where they mean something."""

from collections.abc import Mapping, Set

from routing.engine.survey import Survey
from routing.engine.types import Policy

FORM_OPENING, FORM_CLOSING = 60, 40  # characters of an ask's start and end, where its form shows
LEAD_OPENING, LEAD_CLOSING = 240, 120
SYSTEM_OPENING, SYSTEM_CLOSING = 3_072, 1_024

FORM_LISTS = frozenset({"simple_task", "self_contained", "greeting"})
LEAD_LISTS = frozenset({"single_file_edit", "housekeeping", "compaction"})
INTENT_LISTS = frozenset(
    {
        "deep_reasoning",
        "conflicting_constraints",
        "scope",
        "multi_file",
        "keyword_opus",
        "context_word",
        "investigation",
        "agent_protocol",
    }
)
SYSTEM_LISTS = frozenset({"agentic_marker", "agent_protocol", "housekeeping"})
LISTS = (
    "simple_task",
    "self_contained",
    "greeting",
    "single_file_edit",
    "housekeeping",
    "compaction",
    "deep_reasoning",
    "conflicting_constraints",
    "scope",
    "multi_file",
    "keyword_opus",
    "context_word",
    "agent_protocol",
    "agentic_marker",
    "investigation",
)
"""Stored features name lists by their place here: new ones go to the end."""

GAP = " \x00 "  # no phrase reaches over it

Found = Mapping[str, tuple[str, ...]]


def hits_in(text: str, policy: Policy) -> Found:
    """Every phrase of an ask that stands where its list counts. Each is found or not whatever else a list holds."""
    whole = policy.match(text)
    form = _at_the_ends(FORM_LISTS, text, FORM_OPENING, FORM_CLOSING, whole, policy)
    lead = _at_the_ends(LEAD_LISTS, text, LEAD_OPENING, LEAD_CLOSING, whole, policy)
    return {**form, **lead, **_only(INTENT_LISTS, whole)}


def _at_the_ends(
    names: Set[str], text: str, opening: int, closing: int, whole: Found, policy: Policy
) -> dict[str, tuple[str, ...]]:
    found = _only(names, whole)
    if not found or len(text) <= opening + closing:
        return found
    ends = policy.match(f"{text[:opening]}{GAP}{text[-closing:]}")
    at_ends = {name: tuple([phrase for phrase in ends.get(name, ()) if phrase in found[name]]) for name in found}
    return {name: phrases for name, phrases in at_ends.items() if phrases}


def hits_in_system(seen: Survey, policy: Policy, *, may_be_bare: bool) -> Found:
    """`may_be_bare`: whether a system prompt may be all that says a request is a client's housekeeping."""
    if not seen.system_texts:
        return {}
    first, last = seen.system_texts[0], seen.system_texts[-1]
    if len(seen.system_texts) > 1 or len(first) > SYSTEM_OPENING + SYSTEM_CLOSING:
        first = f"{first[:SYSTEM_OPENING]}{GAP}{last[-SYSTEM_CLOSING:]}"
    found = _only(SYSTEM_LISTS, policy.match_again(first))
    if not may_be_bare:
        found.pop("housekeeping", None)
    return found


def _only(names: Set[str], found: Found) -> dict[str, tuple[str, ...]]:
    return {name: listed for name, listed in found.items() if name in names}
