from dataclasses import replace

import pytest

from routing.engine import rules
from routing.engine.case import Case
from routing.engine.signals import compute_routing_signals
from routing.engine.types import Band, Tier, phrase_id
from routing.tests.engine.given import (
    AGENT_PROMPT,
    DEMO,
    LOCAL,
    TOOL,
    assistant,
    measured,
    policy,
    shipped,
    surroundings,
    system,
    user,
)

IMAGE = user([{"type": "text", "text": "what is a cat"}, {"type": "image_url", "image_url": {"url": "data:..."}}])
LONG_SYSTEM = system("Answer in the style of the house. " * 20)
CODE = "\n```python\ndef total(prices): return sum(prices)\n```"
TRACE = "\n```\nTraceback (most recent call last):\n```"


def findings(*messages, local=LOCAL, chosen_policy=None, **changes):
    case = Case(measured(*messages, **changes), chosen_policy or shipped(), surroundings(local=local))
    return {reason.rule: reason for reason in rules.apply(case)}


def fired(*messages, **changes):
    return {rule for rule, reason in findings(*messages, **changes).items() if reason.fired}


@pytest.mark.parametrize(
    ("messages", "changes", "rule"),
    [
        pytest.param(["Use <read_file> and wait"], {}, "agent_protocol", id="a protocol in the ask"),
        pytest.param([system("Answer with a SEARCH/REPLACE block."), "go"], {}, "agent_protocol", id="in the system"),
        pytest.param([IMAGE], {}, "image", id="an image"),
        pytest.param([IMAGE], {"local": None}, "image", id="an image without a local model"),
        pytest.param([IMAGE], {"local": replace(LOCAL, vision=None)}, "image", id="an image, vision not known"),
        pytest.param(["a" * 30_001], {}, "context_limit", id="too much text"),
        pytest.param(["hello", assistant("a" * 7_000)], {"local": DEMO}, "loaded_context", id="beyond the context"),
        pytest.param(["fix it"], {"local": DEMO, "tools": (TOOL,)}, "tools_unsupported", id="tools it cannot use"),
        pytest.param(["fix it"], {"tools": (TOOL,)}, "tools_declared", id="tools"),
        pytest.param([system(AGENT_PROMPT), "fix it"], {}, "agentic_prompt", id="an agent's prompt"),
        pytest.param(["hi", assistant("hi")] * 8, {}, "long_conversation", id="many messages"),
        pytest.param(["prove the theorem"], {}, "deep_reasoning", id="deep reasoning"),
        pytest.param([" ".join(f"{n}.py" for n in "abcdef")], {}, "named_files", id="many files"),
        pytest.param(["change it in all files"], {}, "multi_file", id="several files"),
        pytest.param(["Summarize the conversation so far"], {}, "compaction", id="compaction"),
    ],
)
def test_evidence_for_claude_fires_its_rule(messages, changes, rule):
    assert rule in fired(*messages, **changes)


@pytest.mark.parametrize(
    ("messages", "changes", "rule"),
    [
        pytest.param([IMAGE], {"local": replace(LOCAL, vision=True)}, "image", id="an image that local can see"),
        pytest.param(["a" * 30_000], {}, "context_limit", id="just fits"),
        pytest.param(["hello"], {"local": None}, "loaded_context", id="context not known"),
        pytest.param(["hello"], {"local": DEMO, "tools": (TOOL,)}, "tools_unsupported", id="tools it does not need"),
        pytest.param(["fix it"], {"local": replace(LOCAL, tools=None), "tools": (TOOL,)}, "tools_unsupported", id="?"),
        pytest.param([system(AGENT_PROMPT[:1_000]), "fix it"], {}, "agentic_prompt", id="a short agent's prompt"),
        pytest.param([LONG_SYSTEM, "fix it"], {}, "agentic_prompt", id="another prompt"),
        pytest.param(
            [system("security audit, threat model " * 9), "go"], {}, "deep_reasoning", id="system is not judged"
        ),
        pytest.param(["do a security audit"], {}, "deep_reasoning", id="a phrase and a part of it count once"),
        pytest.param(["hi", assistant("hi")] * 7, {}, "long_conversation", id="fewer messages"),
        pytest.param([" ".join(f"{n}.py" for n in "abcde")], {}, "named_files", id="fewer files"),
    ],
)
def test_what_is_no_evidence_for_claude_does_not(messages, changes, rule):
    assert rule not in fired(*messages, **changes)


@pytest.mark.parametrize(
    ("messages", "changes", "rule"),
    [
        pytest.param(["Explain list comprehensions"], {}, "simple_task", id="explain"),
        pytest.param([f"Add type hints.{CODE}"], {}, "simple_task", id="with code"),
        pytest.param(
            [system(AGENT_PROMPT), f"Add type hints.{CODE}"], {"tools": (TOOL,)}, "simple_task", id="in an agent"
        ),
        pytest.param(["hi", assistant("hi"), f"Explain it.{CODE}"], {}, "simple_task", id="later, with code"),
        pytest.param(["what is a monad"], {}, "self_contained", id="what is"),
        pytest.param(["bash one liner to count lines"], {}, "self_contained", id="a command"),
        pytest.param(
            [system(AGENT_PROMPT), "how do I undo a commit"], {"tools": (TOOL,)}, "self_contained", id="agent"
        ),
        pytest.param(["ok thanks!"], {}, "greeting", id="thanks"),
        pytest.param(["hi! what can you help me with?"], {}, "greeting", id="hi"),
        pytest.param(["Generate a title.\n\nuser: prove a theorem"], {}, "housekeeping", id="a title"),
        pytest.param([system("Generate a concise title."), "prove it"], {}, "housekeeping", id="told by the system"),
        pytest.param(["<|fim_prefix|>def a():<|fim_suffix|>"], {}, "housekeeping", id="a completion"),
        pytest.param(["bump the version in pyproject.toml"], {}, "single_file_edit", id="an edit"),
    ],
)
def test_evidence_for_local_fires_its_rule(messages, changes, rule):
    assert rule in fired(*messages, **changes)


@pytest.mark.parametrize(
    ("messages", "changes", "rule"),
    [
        pytest.param([f"Explain {'very ' * 60}much"], {}, "simple_task", id="a long instruction"),
        pytest.param([f"Explain it.\n```{'x' * 3_000}```"], {}, "simple_task", id="a long message"),
        pytest.param([f"Explain the fix.{TRACE}"], {}, "simple_task", id="a trace"),
        pytest.param(["Explain how to prove it"], {}, "simple_task", id="a heavy phrase"),
        pytest.param(["Explain why our service loses events"], {}, "simple_task", id="an investigation"),
        pytest.param(["Explain a.py and b.py"], {}, "simple_task", id="files"),
        pytest.param(["Rename in: a.py, b.py"], {"tools": (TOOL,)}, "simple_task", id="files to edit with tools"),
        pytest.param(["Explain it"], {"tools": (TOOL,)}, "simple_task", id="tools without material"),
        pytest.param(["hi", assistant("hi"), "Explain it"], {}, "simple_task", id="later without material"),
        pytest.param([LONG_SYSTEM, "Explain it"], {}, "simple_task", id="a long system prompt without material"),
        pytest.param(["what is a good name for our service"], {}, "self_contained", id="our"),
        pytest.param(["what is a file in src/a.py"], {}, "self_contained", id="a path"),
        pytest.param([f"what is a sum{CODE}"], {}, "self_contained", id="code"),
        pytest.param([f"what is a {'very ' * 60}"], {}, "self_contained", id="too long"),
        pytest.param(["hey, fix the login"], {}, "greeting", id="more than a greeting"),
        pytest.param(["is our title fine?"], {}, "housekeeping", id="no housekeeping"),
        pytest.param([system("Generate a title."), "go"], {"tools": (TOOL,)}, "housekeeping", id="an agent with tools"),
        pytest.param(["rename it in a.py and b.py"], {}, "single_file_edit", id="two files"),
        pytest.param(["rename it in all files"], {}, "single_file_edit", id="all files"),
        pytest.param(["rename the column; what I did doesn't work"], {}, "single_file_edit", id="what went wrong"),
    ],
)
def test_what_is_no_evidence_for_local_does_not(messages, changes, rule):
    assert rule not in fired(*messages, **changes)


def test_an_introduced_list_of_files_is_material_without_tools():
    assert fired("Sort these: a.py, b.py, c.py, d.py, e.py, f.py, g.py") == {"simple_task"}


def test_tools_that_are_left_out_do_not_fill_the_context():
    big = {**TOOL, "function": {**TOOL["function"], "description": "x" * 40_000}}

    assert "context_limit" not in fired("hello", tools=(big,))
    assert "context_limit" in fired("fix it", tools=(big,))


@pytest.mark.parametrize(
    ("messages", "rule", "value", "threshold", "margin"),
    [
        pytest.param(["prove it"], "deep_reasoning", 1, 2, -0.25, id="half a step below"),
        pytest.param(["prove the theorem"], "deep_reasoning", 2, 2, 0.25, id="half a step above"),
        pytest.param(["a" * 33_000], "context_limit", 33_000, 30_000, 0.1, id="a tenth above"),
        pytest.param([f"Explain {'x' * 232}"], "simple_task", "prose_chars 240", "300", 0.2, id="the closest check"),
    ],
)
def test_a_finding_tells_value_threshold_and_margin(messages, rule, value, threshold, margin):
    found = findings(*messages)[rule]

    assert (found.value, found.threshold, found.margin) == (value, threshold, margin)


def test_a_change_of_policy_reweighs_stored_phrases():
    features = measured("prove the theorem")
    fewer = policy(phrases={**shipped().phrases, "deep_reasoning": {"prove": 0.9}})

    weights = fewer.weights["deep_reasoning"]
    signals = compute_routing_signals(features, fewer, surroundings())

    assert weights == {phrase_id("prove"): 0.9}
    assert signals.band is Band.AMBIGUOUS


@pytest.mark.parametrize(
    ("messages", "changes", "confidence"),
    [
        pytest.param(["blue boats"], {}, 0.0, id="no evidence"),
        pytest.param(["a" * 33_000], {}, 0.91, id="what cannot be"),
        pytest.param(["thanks"], {}, 0.675, id="one rule"),
    ],
)
def test_the_confidence_ranks_the_evidence(messages, changes, confidence):
    assert compute_routing_signals(measured(*messages), shipped(), surroundings()).confidence == confidence


def test_near_rules_are_told_and_decide_nothing():
    signals = compute_routing_signals(measured("prove it"), shipped(), surroundings())

    assert [(reason.rule, reason.fired) for reason in signals.reasons] == [("deep_reasoning", False)]
    assert signals.band is Band.AMBIGUOUS


def test_a_fallback_is_claude_where_the_rules_say_claude():
    frugal = policy(ambiguous_fallback_tier="local")

    assert compute_routing_signals(measured("prove the theorem"), frugal, surroundings()).fallback_tier is Tier.SONNET


WORDY = "Explain what goes on in the harbour. " + "The blue boats came back before the storm. " * 10


@pytest.mark.parametrize(
    ("messages", "switches", "tier"),
    [
        pytest.param([WORDY], {}, Tier.LOCAL, id="a simple form"),
        pytest.param([WORDY], {"fallback_local_if_simple": False}, Tier.SONNET, id="a simple form does not count"),
        pytest.param(["blue boats"], {}, Tier.SONNET, id="nothing for it"),
        pytest.param(["blue boats"], {"fallback_local_if_unopposed": True}, Tier.LOCAL, id="nothing against it"),
        pytest.param(
            ["rename it across the codebase"],
            {"fallback_local_if_unopposed": True},
            Tier.SONNET,
            id="something against it",
        ),
    ],
)
def test_the_best_guess_of_an_ambiguous_ask_is_a_matter_of_switches(messages, switches, tier):
    signals = compute_routing_signals(measured(*messages), policy(switches=switches), surroundings())

    assert (signals.band, signals.fallback_tier) == (Band.AMBIGUOUS, tier)
