"""Recorded decisions without a database, and policies that differ from the shipped one in their phrases."""

from decimal import Decimal
from functools import cache
from uuid import UUID

import msgspec

from bench.phase1 import labelled
from routing.engine.asks import newest_ask
from routing.engine.content import matched_phrases, policy_from
from routing.engine.decide import decide
from routing.engine.features import measure
from routing.engine.types import RoutingDecision
from routing.phrases import compile_matcher
from routing.tests.engine.given import defaults, shipped, surroundings
from smartgateway.workbench.backtest.again import again
from smartgateway.workbench.backtest.differences import Difference
from smartgateway.workbench.backtest.rows import Row


def draft(phrases=None, thresholds=None, switches=None, **changes):
    """The shipped policy with lists, numbers or members replaced."""
    content = {
        **defaults(),
        "phrases": {**defaults()["phrases"], **(phrases or {})},
        "thresholds": {**defaults()["thresholds"], **(thresholds or {})},
        "switches": {**defaults()["switches"], **(switches or {})},
        **changes,
    }
    return policy_from(content, version=2, match=compile_matcher(matched_phrases(content)))


def without(name, *texts):
    """A list without some of its phrases, or without any."""
    listed = defaults()["phrases"][name]
    return {name: {text: weight for text, weight in listed.items() if texts and text not in texts}}


def with_more(name, **weights):
    return {name: defaults()["phrases"][name] | weights}


def row(**fields):
    values = {
        "id": UUID(int=1 << 80),
        "team_id": 1,
        "key_id": 1,
        "policy_version": 1,
        "team_name": "Payments",
        "key_name": "laptop",
        "requested_model": "",
        "requested_provider": "",
        "phase": "heuristic",
        "band": "LOCAL",
        "tier": "local",
        "provider_name": "local",
        "model": "qwen2.5-coder:14b-instruct",
        "classifier_tier": "",
        "classifier_state": "",
        "features": b"",
        "status": "answered",
        "error_type": "",
        "served_tier": "local",
        "served_provider": "local",
        "served_model": "qwen2.5-coder:14b-instruct",
        "cost": Decimal(0),
        "classifier_cost": Decimal(0),
        "duration": 1.5,
        "fresh_input_tokens": 1_000,
        "cache_read_input_tokens": 0,
        "cache_write_5m_input_tokens": 0,
        "cache_write_1h_input_tokens": 0,
        "output_tokens": 100,
    }
    return Row(**{**values, **fields})


def kept(features):
    """As it comes back from the record."""
    return type(features).unpack(msgspec.msgpack.decode(msgspec.msgpack.encode(features.pack())))


@cache
def asks():
    return labelled()


def truth(request, policy, around):
    """What the policy decides with the text at hand; None where it would ask the classifier."""
    decision = decide(request, policy, around)
    return (decision.tier, decision.model) if isinstance(decision, RoutingDecision) else None


def tried(asked, new, *, around=None, with_text=False, **fields):
    ask = newest_ask(asked.messages, shipped()) if with_text else None
    features = kept(measure(asked, shipped()))
    return again(row(**fields), features, around or surroundings(), Difference(shipped(), new), ask)


def goals(found):
    return {way.goal for way in found.ways}


def goal_of(tier):
    return tier, shipped().models[tier]


def deciding(features):
    """All but what is only told, and what is kept for later."""
    plain = features._replace(is_human_ask=False, is_agentic=False, introduced_by=(), tags=(), in_ask=(), in_system=())
    hits = {name: frozenset(ids) for name, ids in features.hits.items()}
    return plain._replace(otherwise=(), hits=hits)
