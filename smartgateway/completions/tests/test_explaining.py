import msgspec
import pytest

from audit.models import RoutingDecision
from routing import policies
from routing.engine.types import LocalModel, SessionState, Surroundings, Tier
from smartgateway.completions import path, recorded
from smartgateway.completions.exchange import Ask, Options
from smartgateway.completions.explaining import explanation_again, explanation_of, recall

PROOF = "prove the theorem"
EXPLAIN = "Explain what a Python list comprehension does"


def ask(world, text, **options):
    return Ask(world.key, "chat", {"messages": [{"role": "user", "content": text}]}, Options(**options), False)


async def decided(world, text, **options):
    return await path.decided(ask(world, text, **options))


def stored(exchange):
    """The decision as the record gives it back, without a database."""
    kept = msgspec.structs.asdict(recorded.decision(exchange))
    names = ("phase", "band", "features", "policy_version", "classifier_tier", "classifier_state")
    return RoutingDecision(**{name: kept[name] for name in names})


@pytest.fixture
def published(monkeypatch, default_policy):
    monkeypatch.setattr(policies, "published", {1: default_policy}.get)


@pytest.mark.parametrize("text", [PROOF, EXPLAIN, "our importer is slow"])
async def test_a_recorded_decision_is_explained_as_it_was_when_it_was_made(world, published, text):
    exchange = await decided(world, text)

    assert explanation_again(stored(exchange)) == explanation_of(exchange.routed)


async def test_what_was_asked_for_by_name_is_explained_as_auto_would_have_chosen(world):
    exchange = await decided(world, PROOF, tier="local")

    assert explanation_of(exchange.routed).tier is Tier.OPUS


async def test_the_world_of_a_decision_comes_back_from_its_record(world, monkeypatch):
    around = Surroundings(
        configured=frozenset({Tier.LOCAL, Tier.OPUS}),
        available=frozenset({Tier.OPUS}),
        allowed_tiers=frozenset({Tier.OPUS, Tier.SONNET}),
        local=LocalModel("qwen", True, 4096, False, None, False),
        session=SessionState(Tier.SONNET, True, 12.0),
        classifier_ready=True,
    )
    exchange = await decided(world, PROOF)
    exchange.routed = exchange.routed._replace(surroundings=around)

    found = recall(stored(exchange))

    assert found.surroundings == around._replace(local=LocalModel("local", True, 4096, False, None, False))
    assert found.features == exchange.routed.features


@pytest.mark.parametrize("features", [b"", b"not packed", msgspec.msgpack.encode((1, 2))])
async def test_what_is_not_kept_is_not_explained(published, features):
    assert explanation_again(RoutingDecision(features=features, policy_version=1)) is None


async def test_without_the_policy_of_then_nothing_is_explained(world, published):
    made = stored(await decided(world, PROOF))
    made.policy_version = 7

    assert explanation_again(made) is None


async def test_what_can_be_routed_nowhere_is_not_explained(world, published):
    exchange = await decided(world, EXPLAIN)
    impossible = exchange.routed.features._replace(local_only=True, min_tier=2)
    exchange.routed = exchange.routed._replace(features=impossible)

    assert explanation_of(exchange.routed) is None
