from dataclasses import replace

import pytest

from routing.engine.features import Features
from routing.engine.types import LocalModel, SessionState, Surroundings, Tier, phrase_id
from smartgateway.completions.fallback import can_serve_alone, chain, fits_local

AN_AGENTS_WORD = phrase_id("<execute_command>")
MODEL = LocalModel("coder", loaded=True, context_tokens=4_096, vision=False, tools=True)
ALONE = Surroundings(configured=frozenset({Tier.LOCAL}), local=MODEL)


@pytest.mark.parametrize(
    ("features", "local", "can"),
    [
        pytest.param(Features(), MODEL, True, id="plain"),
        pytest.param(Features(tools_declared=2), MODEL, True, id="tools"),
        pytest.param(Features(tool_loop=True), replace(MODEL, tools=False), False, id="tools that it cannot call"),
        pytest.param(Features(images=1), MODEL, False, id="an image that it cannot see"),
        pytest.param(Features(images=1), replace(MODEL, vision=True), True, id="an image"),
        pytest.param(Features(estimated_tokens=4_000, tool_tokens=100), MODEL, False, id="more than it can hold"),
        pytest.param(Features(estimated_tokens=9_000), replace(MODEL, context_tokens=None), True, id="room not known"),
        pytest.param(Features(tools_declared=2), replace(MODEL, tools=False, is_demo=True), True, id="the demo model"),
        pytest.param(Features(), None, False, id="nothing"),
    ],
)
def test_local_alone_serves_what_it_is_able_to(features, local, can):
    assert can_serve_alone(features, ALONE._replace(local=local)) is can


def test_the_demo_model_serves_by_its_own_name(default_policy):
    demo = ALONE._replace(local=replace(MODEL, name="demo", is_demo=True))

    [candidate] = chain(Tier.OPUS, default_policy, demo, Features())

    assert (candidate.name, candidate.model) == ("local", "demo")


def test_a_key_that_may_not_use_local_is_not_given_it(default_policy):
    around = ALONE._replace(allowed_tiers=frozenset({Tier.SONNET}))

    assert list(chain(Tier.SONNET, default_policy, around, Features())) == []


BESIDE_CLAUDE = Surroundings(local=MODEL)


@pytest.mark.parametrize(
    ("features", "around", "fits"),
    [
        pytest.param(Features(), BESIDE_CLAUDE, True, id="plain"),
        pytest.param(Features(tools_declared=1), BESIDE_CLAUDE, False, id="tools"),
        pytest.param(Features(tool_distance=2, tool_loop=True), BESIDE_CLAUDE, False, id="a tool loop"),
        pytest.param(Features(hits={"agent_protocol": (AN_AGENTS_WORD,)}), BESIDE_CLAUDE, False, id="an agent without"),
        pytest.param(Features(images=1), BESIDE_CLAUDE, False, id="an image"),
        pytest.param(Features(total_chars=30_001), BESIDE_CLAUDE, False, id="more than is ever sent to local"),
        pytest.param(Features(estimated_tokens=3_500), BESIDE_CLAUDE, False, id="no room left for the answer"),
        pytest.param(Features(), Surroundings(local=None), False, id="no local model"),
        pytest.param(Features(), Surroundings(local=replace(MODEL, is_demo=True)), False, id="the demo model"),
        pytest.param(
            Features(), BESIDE_CLAUDE._replace(session=SessionState(Tier.SONNET)), False, id="a session with Claude"
        ),
        pytest.param(
            Features(), BESIDE_CLAUDE._replace(session=SessionState(Tier.LOCAL, True)), False, id="one with tools"
        ),
        pytest.param(Features(), BESIDE_CLAUDE._replace(session=SessionState(Tier.LOCAL)), True, id="a local session"),
    ],
)
def test_claude_falls_to_local_only_what_may_be_local(default_policy, features, around, fits):
    names = [candidate.name for candidate in chain(Tier.SONNET, default_policy, around, features)]

    assert fits_local(features, default_policy, around) is fits
    assert names == ["opus", "local"] if fits else ["opus"]
