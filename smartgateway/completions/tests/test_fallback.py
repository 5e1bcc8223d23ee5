from dataclasses import replace

import pytest

from routing.engine.features import Features
from routing.engine.types import LocalModel, Surroundings, Tier
from smartgateway.completions.fallback import can_serve_alone, chain

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
