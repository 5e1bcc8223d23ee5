"""The rules of Phase 1, one small function each. What they compare with is policy."""

from collections.abc import Callable, Mapping
from functools import lru_cache

from routing.engine.case import Case
from routing.engine.features import Features
from routing.engine.findings import Check, above, absent, all_of, at_least, holds, rounded
from routing.engine.types import Band, Reason

Rule = Callable[[Case], Reason]
CLAUDE, LOCAL = Band.CLAUDE, Band.LOCAL  # an enum looks its members up each time


# What cannot be local


def tool_loop(case: Case) -> Reason:
    window, distance = case.limits["tool_loop_window"], case.features.tool_distance
    if not distance:
        return absent("tool_loop", window, CLAUDE)
    margin = rounded((window - distance + 0.5) / window)
    return Reason("tool_loop", distance, window, margin, CLAUDE, margin > 0)


def agent_protocol(case: Case) -> Reason:
    return at_least("agent_protocol", case.counts["agent_protocol"], 1, CLAUDE)


def image(case: Case) -> Reason:
    sees = case.local is not None and case.local.vision is True
    return at_least("image", 0 if sees else case.features.images, 1, CLAUDE)


def context_limit(case: Case) -> Reason:
    sent = case.features.total_chars + (0 if case.sheds_tools else case.features.tool_chars)
    return above("context_limit", sent, case.limits["local_context_char_limit"], CLAUDE)


def loaded_context(case: Case) -> Reason:
    sent = case.features.estimated_tokens + (0 if case.sheds_tools else case.features.tool_tokens)
    if case.local is None or case.local.context_tokens is None:
        return Reason("loaded_context", sent, "unknown", -1.0, CLAUDE, False)
    room = case.local.context_tokens - case.limits["local_answer_reserve"]
    return above("loaded_context", sent, room, CLAUDE)


def tools_unsupported(case: Case) -> Reason:
    is_unable = case.local is not None and case.local.tools is False
    needed = 0 if case.sheds_tools else case.features.tools_declared
    return at_least("tools_unsupported", needed if is_unable else 0, 1, CLAUDE)


# What leans to Claude


def tools_declared(case: Case) -> Reason:
    return at_least("tools_declared", case.features.tools_declared, 1, CLAUDE)


def agentic_prompt(case: Case) -> Reason:
    threshold = case.limits["agentic_system_chars"]
    if not case.counts["agentic_marker"]:
        return absent("agentic_prompt", threshold, CLAUDE)
    return above("agentic_prompt", case.features.system_chars, threshold, CLAUDE)


def long_conversation(case: Case) -> Reason:
    return above("long_conversation", case.features.turns, case.limits["long_conversation_turns"], CLAUDE)


def deep_reasoning(case: Case) -> Reason:
    return at_least("deep_reasoning", case.counts["deep_reasoning"], case.limits["deep_reasoning_hits"], CLAUDE)


def named_files(case: Case) -> Reason:
    if not case.features.files:
        return absent("named_files", case.limits["named_files"], CLAUDE)
    return above("named_files", case.features.files, case.limits["named_files"], CLAUDE)


def multi_file(case: Case) -> Reason:
    return at_least("multi_file", case.counts["multi_file"], case.limits["multi_file_hits"], CLAUDE)


def compaction(case: Case) -> Reason:
    return at_least("compaction", case.counts["compaction"], case.limits["compaction_hits"], CLAUDE)


# What leans to local


def simple_task(case: Case) -> Reason:
    """With tools, turns or a long system prompt around it, it must bring along what it is to be done to."""
    if not case.counts["simple_task"]:
        return absent("simple_task", 1, LOCAL)
    features, limits = case.features, case.limits
    checks: tuple[Check, ...] = (
        ("ask_chars", features.ask_chars, limits["simple_task_chars"]),
        ("prose_chars", features.prose_chars, limits["simple_task_prose_chars"]),
        ("files", features.files + (features.material_files if features.tools_declared else 0), 2),
        ("heavy_phrases", case.heavy_phrases, 0),
        ("investigation", case.counts["investigation"], 0),
        ("traces", features.has_trace, 0),
    )
    if not features.has_material:
        checks += (
            ("tools", features.tools_declared, 0),
            ("asks", features.asks, 2),
            ("system_chars", features.system_chars, limits["simple_task_system_chars"]),
        )
    return all_of("simple_task", LOCAL, checks)


def self_contained(case: Case) -> Reason:
    if not case.counts["self_contained"]:
        return absent("self_contained", 1, LOCAL)
    features = case.features
    checks = (
        ("ask_chars", features.ask_chars, case.limits["self_contained_chars"]),
        ("context_words", case.counts["context_word"], 0),
        ("heavy_phrases", case.heavy_phrases, 0),
        ("paths", features.has_path or features.files, 0),
        ("code_blocks", features.code_blocks, 0),
        ("traces", features.has_trace, 0),
    )
    return all_of("self_contained", LOCAL, checks)


def greeting(case: Case) -> Reason:
    share, threshold = case.features.greeting_share, case.limits["greeting_share"]
    if not case.counts["greeting"]:
        return absent("greeting", threshold, LOCAL)
    margin = rounded(share - threshold) or 1e-4
    return Reason("greeting", share, threshold, margin, LOCAL, share >= threshold)


def housekeeping(case: Case) -> Reason:
    return holds("housekeeping", case.features.is_housekeeping and case.counts["housekeeping"] > 0, LOCAL)


def single_file_edit(case: Case) -> Reason:
    if not case.counts["single_file_edit"]:
        return absent("single_file_edit", 1, LOCAL)
    features, limits = case.features, case.limits
    checks = (
        ("ask_chars", features.ask_chars, limits["single_file_edit_chars"]),
        ("prose_chars", features.prose_chars, limits["simple_task_prose_chars"]),
        ("files", features.files, 2),
        ("heavy_phrases", case.heavy_phrases, 0),
        ("multi_file", case.counts["multi_file"], 0),
        ("investigation", case.counts["investigation"], 0),
        ("traces", features.has_trace, 0),
    )
    return all_of("single_file_edit", LOCAL, checks)


CANNOT_BE_LOCAL: tuple[Rule, ...] = (
    tool_loop,
    agent_protocol,
    image,
    context_limit,
    loaded_context,
    tools_unsupported,
)
LEANS_TO_CLAUDE: tuple[Rule, ...] = (
    tools_declared,
    agentic_prompt,
    long_conversation,
    deep_reasoning,
    named_files,
    multi_file,
    compaction,
)
OUTWEIGHING: tuple[Rule, ...] = (simple_task, self_contained, greeting, housekeeping)
OUTWEIGHED: tuple[Rule, ...] = (tools_declared, agentic_prompt, long_conversation)
"""What clients attach to every request: any of `OUTWEIGHING` outweighs these."""

OTHERS: tuple[Rule, ...] = (*CANNOT_BE_LOCAL, *LEANS_TO_CLAUDE, single_file_edit)
ALWAYS: tuple[Rule, ...] = (context_limit, loaded_context, long_conversation)
SUBJECTS: Mapping[Rule, str] = {
    tool_loop: "tool_distance",
    image: "images",
    tools_unsupported: "tools_declared",
    tools_declared: "tools_declared",
    agentic_prompt: "agentic_marker",
    named_files: "files",
}
"""What a rule looks at, where it has another name: a feature or a list of phrases."""
QUIET_MARGIN = -0.5  # at most this is what a rule finds that has nothing to look at


def apply(case: Case) -> tuple[Reason, ...]:
    """What every rule finds. An ask of an outweighing form needs no tools, which the others then do not count."""
    leaning = [rule(case) for rule in OUTWEIGHING]
    case.sheds_tools = True in [reason.fired for reason in leaning]
    return (*[rule(case) for rule in OTHERS], *leaning)


def apply_where_needed(case: Case) -> tuple[Reason, ...]:
    """As `apply`, without the rules that have nothing to look at: these find themselves far from their thresholds."""
    features = case.features
    counted = [bool(features[place]) for place in COUNTED]
    asked, asked_of_form = _with_subject(tuple(features.hits), tuple(counted))
    leaning = [rule(case) for rule in asked_of_form]
    case.sheds_tools = True in [reason.fired for reason in leaning]
    return (*[rule(case) for rule in asked], *leaning)


@lru_cache(maxsize=4_096)
def _with_subject(lists: tuple[str, ...], counted: tuple[bool, ...]) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
    """The rules that have something to look at: phrases of `lists`, or one of `COUNTED`; those of forms apart."""
    subjects = {
        *lists,
        *(Features._fields[place] for place, is_there in zip(COUNTED, counted, strict=True) if is_there),
    }
    others = [rule for rule in OTHERS if rule in ALWAYS or SUBJECTS.get(rule, rule.__name__) in subjects]
    return tuple(others), tuple(rule for rule in OUTWEIGHING if rule.__name__ in subjects)


COUNTED = tuple(sorted({Features._fields.index(name) for name in SUBJECTS.values() if name in Features._fields}))
