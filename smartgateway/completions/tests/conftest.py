import asyncio
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from audit import recording
from audit.recording import AuditUnavailableError
from routing import breakers, connections, policies, prices
from routing.engine.content import content_of, matched_phrases, policy_from
from routing.engine.types import LADDER, LocalModel, Price, Surroundings, Tier
from routing.phrases import compile_matcher
from routing.policies.shipped import shipped_policy
from routing.prices import DatedPrice, PriceBook
from smartgateway.completions import admission, signs
from smartgateway.completions.tests.fakes import FakeProvider, FakeRecord
from smartgateway.keys.limits import RateLimit
from smartgateway.keys.snapshots import KeySnapshot

MODELS = {
    "local": "qwen2.5-coder:14b-instruct",
    "haiku": "claude-haiku-5-5",
    "sonnet": "claude-sonnet-5-5",
    "opus": "claude-opus-5-5",
    "classifier": "qwen2.5-coder:14b-instruct",
}
INPUT_PER_MTOK = {("local", "*"): "0", ("anthropic", "claude-haiku-5-5"): "0.1"}
INPUT_PER_MTOK |= {("anthropic", "claude-sonnet-5-5"): "2", ("anthropic", "claude-opus-5-5"): "4"}


@pytest.fixture(scope="session")
def default_policy():
    content = content_of(shipped_policy()) | {"models": MODELS}
    return policy_from(content, version=1, match=compile_matcher(matched_phrases(content)))


@pytest.fixture(scope="session")
def default_prices():
    start = datetime(2026, 1, 1, tzinfo=UTC)
    flat = {key: Price(*[Decimal(text)] * 5) for key, text in INPUT_PER_MTOK.items()}
    return PriceBook({key: (DatedPrice(price, 1, start, None),) for key, price in flat.items()})


class World:
    """A gateway whose upstreams, record and limits are under the test's hand; the routing is real."""

    def __init__(self) -> None:
        self.log = []
        self.local = FakeProvider("local", self.log)
        self.anthropic = FakeProvider("anthropic", self.log)
        self.providers = {"local": self.local, "anthropic": self.anthropic}
        self.record = FakeRecord(self.log, AuditUnavailableError("the disk is full"))
        self.key = KeySnapshot(id=1, name="ci", prefix="sk-sg-test", team_id=1, team_name="core")
        self.refusal = None

    def surroundings(self, *, session=None, allowed_tiers=frozenset(LADDER)):
        tiers = frozenset(tier for tier in LADDER if self.providers.get("local" if tier is Tier.LOCAL else "anthropic"))
        return Surroundings(
            configured=tiers,
            available=tiers,
            local=LocalModel("qwen2.5-coder:14b-instruct", loaded=True, context_tokens=16_384, tools=True),
            local_models=frozenset({"qwen2.5-coder:14b-instruct"}),
            allowed_tiers=allowed_tiers,
            session=session,
        )

    async def admit(self, key):
        if self.refusal:
            raise self.refusal
        return RateLimit(limit=600, remaining=599, reset_seconds=60)


@pytest.fixture
def world(monkeypatch, default_policy, default_prices):
    world = World()
    for name in ("decided", "intended", "settled", "left"):
        monkeypatch.setattr(recording, name, getattr(world.record, name))
    monkeypatch.setattr(connections, "provider", world.providers.get)
    monkeypatch.setattr(connections, "surroundings", world.surroundings)
    monkeypatch.setattr(policies, "current", lambda: default_policy)
    monkeypatch.setattr(prices, "current", lambda: default_prices)
    monkeypatch.setattr(admission.limits, "admit", world.admit)
    monkeypatch.setattr(asyncio, "sleep", no_sleep(asyncio.sleep))
    breakers.forget()
    signs.forget()
    return world


def no_sleep(sleep):
    return lambda seconds: sleep(0)
