from types import SimpleNamespace

import pytest

from routing.engine.features import Features
from routing.engine.types import Phase, Reason, RoutingDecision, RoutingRequest, Surroundings, Tier
from routing.providers.base import Account
from routing.route import Routed
from smartgateway.api.headers import MAX_REASON_BYTES, fields_of
from smartgateway.completions.exchange import Ask, Exchange, Options
from smartgateway.completions.fallback import Candidate
from smartgateway.keys.snapshots import KeySnapshot

KEY = KeySnapshot(id=1, name="ci", prefix="sk-sg-test", team_id=1, team_name="core")


def exchange(*reasons, **options):
    """Of a request that the rules gave to the local model of a policy's version 7."""
    decision = RoutingDecision("local", "qwen", Tier.LOCAL, 0.0, reasons, Phase.HEURISTIC)
    policy, request = SimpleNamespace(version=7), RoutingRequest([])
    routed = Routed(decision, None, Features(), Surroundings(), None, None, False, request, policy)
    return Exchange(Ask(KEY, "chat", {"messages": []}, Options(**options), is_stream=False), routed, "session")


def named(exchange):
    fields = {name.decode(): value.decode() for name, value in fields_of(exchange)}
    return {name.removeprefix("x-smartgateway-"): value for name, value in fields.items()}


def test_the_headers_name_who_really_served_and_why_it_was_not_who_was_chosen():
    asked = exchange(Reason("simple_task", 1, 1, 0.5))
    asked.served = Candidate("haiku", "anthropic", "claude-haiku-5-5")
    asked.account = Account(response_model="claude-haiku-5-5-20261007")
    asked.fallback_causes = ["local:no_capacity"]

    found = named(asked)

    assert (found["tier"], found["provider"], found["model"]) == ("haiku", "anthropic", "claude-haiku-5-5-20261007")
    assert (found["phase"], found["reason"], found["fallback"]) == ("heuristic", "simple_task", "local:no_capacity")
    assert found["decision-id"] == found["x-request-id"]


def test_without_a_fallback_or_a_dropped_parameter_nothing_is_said_of_them():
    assert not {"fallback", "dropped-params"} & named(exchange()).keys()


def test_only_rules_that_fired_are_reasons():
    fired, near = Reason("simple_task", 1, 1, 0.5), Reason("image", 0, 1, -0.2, None, False)

    assert named(exchange(fired, near))["reason"] == "simple_task"


@pytest.mark.parametrize("count", [1, 10, 100])
def test_of_many_reasons_as_many_whole_ones_are_named_as_fit(count):
    rules = [f"a_rule_with_the_number_{number}" for number in range(count)]

    reason = named(exchange(*[Reason(rule, 1, 1, 0.5) for rule in rules]))["reason"]

    assert len(reason) <= MAX_REASON_BYTES
    assert reason.split(",") == rules[: reason.count(",") + 1]
    assert count > 1 or reason == rules[0]


def test_a_models_odd_name_stays_within_ascii():
    asked = exchange()
    asked.served = Candidate("local", "local", "qwén\n3")

    assert named(asked)["model"] == "qw?n?3"


def test_version_overhead_and_cost_are_told_to_who_asks_and_the_cost_once_it_is_known():
    asked = exchange(debug=True)
    before = named(asked)
    asked.is_settled, asked.attempts = True, [SimpleNamespace(cost="0.0005")]

    after = named(asked)

    assert (before["policy-version"], "cost-usd" in before, after["cost-usd"]) == ("7", False, "0.0005")
    assert float(before["overhead-ms"]) >= 0
    assert not {"policy-version", "overhead-ms", "cost-usd"} & named(exchange()).keys()
