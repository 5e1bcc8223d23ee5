"""What each Claude model refuses. https://platform.claude.com/docs/en/about-claude/models/overview

`takes_sampling` holds for the API's older version: in that of October 2026 no model takes any.
"""

from dataclasses import dataclass

API_VERSION = "2026-10-21"
SAMPLING_VERSION = "2023-06-01"  # the last one that has sampling parameters
SAMPLING = ("temperature", "top_p", "top_k")
LEVELS = ("low", "medium", "high", "xhigh", "max")


@dataclass(frozen=True, slots=True)
class Traits:
    """`thinking` are the accepted values; `thinks` says that it does without being told to."""

    thinking: frozenset[str] = frozenset({"adaptive"})
    thinks: bool = True
    efforts: tuple[str, ...] = LEVELS
    can_force_tools: bool = False
    takes_late_system: bool = False
    takes_prefill: bool = False
    takes_sampling: bool = False
    max_output_tokens: int = 128_000


BOTH = frozenset({"adaptive", "disabled"})
OLD = frozenset({"enabled", "disabled"})
CAREFUL = Traits()  # a model newer than this table: everything that any model refuses is left out
TABLE = {
    "claude-opus-5-5": Traits(takes_late_system=True),
    "claude-sonnet-5-5": Traits(frozenset({"adaptive", "between_tools"}), takes_late_system=True),
    "claude-haiku-5-5": Traits(BOTH, can_force_tools=True, takes_late_system=True),
    "claude-opus-5": Traits(BOTH, can_force_tools=True, takes_late_system=True),
    "claude-sonnet-5": Traits(BOTH, can_force_tools=True),
    "claude-opus-4-8": Traits(BOTH, thinks=False, can_force_tools=True, takes_late_system=True),
    "claude-opus-4-7": Traits(BOTH, thinks=False, can_force_tools=True),
    "claude-sonnet-4-6": Traits(
        BOTH | OLD, False, ("low", "medium", "high", "max"), can_force_tools=True, takes_sampling=True
    ),
    "claude-opus-4-6": Traits(
        BOTH | OLD, False, ("low", "medium", "high", "max"), can_force_tools=True, takes_sampling=True
    ),
    "claude-opus-4-5": Traits(
        OLD,
        False,
        LEVELS[:3],
        can_force_tools=True,
        takes_prefill=True,
        takes_sampling=True,
        max_output_tokens=64_000,
    ),
    "claude-sonnet-4-5": Traits(
        OLD, False, (), can_force_tools=True, takes_prefill=True, takes_sampling=True, max_output_tokens=64_000
    ),
    "claude-haiku-4-5": Traits(
        OLD, False, (), can_force_tools=True, takes_prefill=True, takes_sampling=True, max_output_tokens=64_000
    ),
}
NAMES = sorted(TABLE, key=len, reverse=True)


def traits_of(model: str) -> Traits:
    return TABLE.get(name_of(model), CAREFUL)


def is_known(model: str) -> bool:
    return name_of(model) in TABLE


def name_of(model: str) -> str:
    """The longest name that the id is, or is a dated snapshot of: `claude-opus-5-5` is no `claude-opus-5`."""
    for name in NAMES:
        dated = model.removeprefix(f"{name}-")
        if model == name or (dated != model and dated.isdigit() and len(dated) == 8):
            return name
    return ""
