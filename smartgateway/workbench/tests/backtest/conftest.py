import itertools
import uuid
from decimal import Decimal

import msgspec
import pytest
from django.utils import timezone

from audit.ids import id_at
from audit.models import PromptText
from routing import policies, prices
from routing.engine.automatic import decide_automatically
from routing.engine.features import measure
from routing.engine.signals import compute_routing_signals
from routing.engine.types import RoutingRequest
from routing.models import PhraseList, Threshold
from routing.tests.engine.given import surroundings
from smartgateway.dashboard.tests.rows import decision, outcome

LOCAL_AROUND = (7, 7, 7, (16_384, False, True, False), None, False)


@pytest.fixture
def published(db):
    policies.load_defaults()
    prices.load_defaults()
    prices.refresh()
    policies.forget()
    yield policies.published(1)
    policies.forget()


@pytest.fixture
def recorded(published):
    """Records an ask as it was decided by version 1, answered with 1,000 tokens in and 100 out."""
    numbers = itertools.count(1)

    def record(text, *, keeps_text=False, version=1, moment=None, **fields):
        features = measure(RoutingRequest([{"role": "user", "content": text}]), published)
        signals = compute_routing_signals(features, published, surroundings())
        chosen = decide_automatically(features, published, surroundings())
        made = decision(
            id=uuid.UUID(int=id_at(moment or timezone.now()).int + next(numbers)),
            features=msgspec.msgpack.encode((features.pack(), LOCAL_AROUND)),
            phase=chosen.phase,
            band=signals.band,
            tier=chosen.tier,
            model=chosen.model,
            provider_name=chosen.provider,
            policy_version=version,
            **fields,
        )
        cost = Decimal(0) if chosen.provider == "local" else Decimal("0.003")
        outcome(
            made,
            served_provider=chosen.provider,
            cost=cost,
            classifier_cost=Decimal(0),
            fresh_input_tokens=1_000,
            output_tokens=100,
        )
        if keeps_text:
            kept = {"head": text, "tail": "", "chars": len(text), "is_newest": True}
            PromptText.objects.create(decision_id=made.pk, recorded_at=made.created_at, team_id=made.team_id, **kept)
        return made

    return record


@pytest.fixture
def edit():
    """Edits the draft."""

    def edit(threshold=None, phrases=None):
        for name, value in (threshold or {}).items():
            Threshold.objects.filter(name=name).update(value=value)
        for name, weights in (phrases or {}).items():
            PhraseList.objects.get(name=name).fill(weights)

    return edit
