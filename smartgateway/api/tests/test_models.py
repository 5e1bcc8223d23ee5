from types import SimpleNamespace

import pytest

from routing import connections, policies
from routing.engine.types import LADDER, Alias, Surroundings, Tier
from smartgateway.api.models import entries

MODELS = {"haiku": "claude-haiku-5-5", "sonnet": "claude-sonnet-5-5", "opus": "claude-opus-5-5"}
CLAUDE = {"haiku", "sonnet", "opus", *MODELS.values()}


@pytest.mark.parametrize(
    ("configured", "named", "unnamed"),
    [
        pytest.param(frozenset(LADDER), {"auto", "local", "fast", *CLAUDE}, {"gpt-*"}, id="everything"),
        pytest.param(frozenset({Tier.LOCAL}), {"auto", "claude-auto", "local"}, CLAUDE, id="no Claude"),
        pytest.param(frozenset(LADDER[1:]), CLAUDE, {"local"}, id="no local model"),
    ],
)
def test_what_is_listed_can_be_asked_for(monkeypatch, configured, named, unnamed):
    policy = SimpleNamespace(models=MODELS, aliases=(Alias("gpt-*", "auto"), Alias("fast", "local")))
    monkeypatch.setattr(policies, "current", lambda: policy)
    monkeypatch.setattr(connections, "surroundings", lambda: Surroundings(configured=configured))

    listed = {name for name, _ in entries()}

    assert named <= listed
    assert not unnamed & listed
