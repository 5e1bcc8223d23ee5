"""The pages of decisions and their text."""

import msgspec

from routing.engine.signals import compute_routing_signals
from routing.tests.engine.given import measured, shipped, surroundings
from smartgateway.dashboard.tests.rows import decision


def text(response):
    return " ".join(response.content.decode().split())


def made_from(request, **fields):
    """A decision with what it was made from."""
    features, around = measured(request), (7, 7, 7, (16384, False, True, False), None, False)
    signals = compute_routing_signals(features, shipped(), surroundings())
    reasons = [[*reason[:4], reason.points_to or "", reason.fired] for reason in signals.reasons]
    packed = msgspec.msgpack.encode((features.pack(), around))
    return decision(features=packed, reasons=reasons, band=str(signals.band), **fields)
