"""What an operator edits (the draft and the prices) and what publishing froze."""

from routing.models.draft import (
    FallbackStep,
    ModelAlias,
    RoutingSettings,
    Switch,
    Threshold,
    TierModel,
)
from routing.models.local import LocalModelRecord
from routing.models.log import AdminChange
from routing.models.phrases import Phrase, PhraseList
from routing.models.prices import ModelPrice
from routing.models.versions import PolicyVersion

__all__ = [
    "AdminChange",
    "FallbackStep",
    "LocalModelRecord",
    "ModelAlias",
    "ModelPrice",
    "Phrase",
    "PhraseList",
    "PolicyVersion",
    "RoutingSettings",
    "Switch",
    "Threshold",
    "TierModel",
]
