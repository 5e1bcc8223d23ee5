from datetime import timedelta

import msgspec
import pytest
from django.utils import timezone

from audit.ids import id_at
from routing import policies
from routing.engine.signals import compute_routing_signals
from routing.tests.engine.given import measured, shipped, surroundings
from smartgateway.dashboard.tests import rows

AROUND = (7, 7, 7, (16_384, False, True, False), None, False)


@pytest.fixture(autouse=True)
def published(monkeypatch):
    monkeypatch.setattr(policies, "published", {1: shipped()}.get)
    monkeypatch.setattr(policies, "current", shipped)


@pytest.fixture
def asked(db):
    """Puts a decision that the rules really made, and its outcome, into the record."""
    count = 0

    def make(text, *, days_ago=0, ended=None, **fields):
        nonlocal count
        count += 1
        moment = timezone.now() - timedelta(days=days_ago, seconds=60 - count)
        features = measured(text)
        signals = compute_routing_signals(features, shipped(), surroundings())
        decided = {
            "reasons": [[*reason[:4], reason.points_to or "", reason.fired] for reason in signals.reasons],
            "band": str(signals.band),
            "tier": "local" if signals.band == "LOCAL" else "sonnet",
        }
        made = rows.decision(
            id=id_at(moment),
            created_at=moment,
            features=msgspec.msgpack.encode((features.pack(), AROUND)),
            **{**decided, **fields},
        )
        rows.outcome(made, **(ended or {}))
        return made

    return make
