"""Rules that have nothing to look at are not asked; nobody may see that."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.engine import rules
from routing.engine.case import Case
from routing.engine.features import Features
from routing.engine.hits import LISTS
from routing.engine.signals import compute_routing_signals, nearest
from routing.tests.engine.given import LOCAL, measured, policy, shipped, surroundings

NUMBERS = {
    name: st.sampled_from([0, 1, 2, 5, 6, 15, 16, 299, 300, 12_000, 25_000, 40_000])
    for name, kind in Features.__annotations__.items()
    if kind is int and name != "min_tier"
}
SIGNS = {name: st.booleans() for name, kind in Features.__annotations__.items() if kind is bool}
HITS = st.dictionaries(
    st.sampled_from(LISTS),
    st.integers(1, 3),
    max_size=4,
).map(lambda counts: {name: tuple(shipped().weights[name])[:count] for name, count in counts.items()})


@given(st.fixed_dictionaries({**NUMBERS, **SIGNS, "hits": HITS}), st.sampled_from([LOCAL, None]))
def test_rules_that_are_not_asked_would_neither_have_fired_nor_been_near(drawn, local):
    features, around = Features(**drawn), surroundings(local=local)
    everything = rules.apply(Case(features, shipped(), around))

    signals = compute_routing_signals(features, shipped(), around)

    fired = tuple(reason for reason in everything if reason.fired)
    assert signals.reasons == fired + nearest(everything, shipped())


@pytest.mark.parametrize("margin", [0.49, 0.5, 1.0])
def test_a_policy_may_call_any_rule_near(margin):
    chosen = policy(thresholds={"near_margin": margin})
    features = measured("rename x to y")

    signals = compute_routing_signals(features, chosen, surroundings(local=LOCAL))

    everything = rules.apply(Case(features, chosen, surroundings(local=LOCAL)))
    fired = tuple(reason for reason in everything if reason.fired)
    assert signals.reasons == fired + nearest(everything, chosen)
