"""What a recorded decision was made from: the way back from `recorded`."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec

from routing.engine.features import Features
from routing.engine.types import LADDER, LocalModel, SessionState, Surroundings, Tier

decode = msgspec.msgpack.Decoder().decode
TIER_SETS = [frozenset(tier for place, tier in enumerate(LADDER) if bits >> place & 1) for bits in range(8)]


def made_from(packed: bytes, local_model: str = Tier.LOCAL) -> tuple[Features, Surroundings]:
    """The local model's name is not packed. Raises ValueError for what has another form."""
    try:
        features, around, *_ = decode(packed)
        return Features.unpack(features), surroundings_from(around, local_model)
    except (msgspec.DecodeError, TypeError, IndexError) as exc:
        raise ValueError(f"no features of a decision: {exc}") from exc


def surroundings_from(packed: Sequence[Any], local_model: str) -> Surroundings:
    """Without the names of models, which no rule reads."""
    configured, available, allowed, local, session, classifier_ready, *_ = packed
    context, vision, tools, is_demo = local or (None, None, None, False)
    return Surroundings(
        TIER_SETS[configured],
        TIER_SETS[available],
        _local(local_model, context, vision, tools, is_demo) if local else None,
        allowed_tiers=TIER_SETS[allowed],
        classifier_ready=classifier_ready,
        session=SessionState(LADDER[session[0]], session[1], session[2]) if session else None,
    )


@lru_cache(maxsize=256)
def _local(name: str, context: int | None, vision: bool | None, tools: bool | None, is_demo: bool) -> LocalModel:
    return LocalModel(name, True, context, vision, tools, is_demo)
