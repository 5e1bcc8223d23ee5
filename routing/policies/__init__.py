"""The policy: edited as draft rows, frozen by publishing, kept in memory by each process."""

from routing.policies.aliases import RESERVED, problems_of_alias
from routing.policies.changes import Sentence, changes
from routing.policies.defaults import load_defaults
from routing.policies.drafts import Content, digest_of, draft_content
from routing.policies.environment import differences
from routing.policies.files import to_yaml, version_yaml
from routing.policies.filling import fitted, replace_draft
from routing.policies.good import in_force, problem_of
from routing.policies.importing import imported
from routing.policies.moving import mark_of
from routing.policies.phrase_lists import Opposed, is_there, opposed_phrases, problems_of_phrase, same
from routing.policies.presets import preset, presets, with_preset
from routing.policies.publishing import NothingToPublishError, draft_changes, publish, roll_back
from routing.policies.served import served_models
from routing.policies.shipped import bounds
from routing.policies.snapshot import (
    BrokenVersionError,
    PolicyMissingError,
    current,
    forget,
    frozen,
    is_loaded,
    published,
    refresh,
    trouble,
)
from routing.policies.tier_models import problem_of_tier_model
from routing.policies.validation import MOST_PHRASES, problems

__all__ = [
    "MOST_PHRASES",
    "RESERVED",
    "BrokenVersionError",
    "Content",
    "NothingToPublishError",
    "Opposed",
    "PolicyMissingError",
    "Sentence",
    "bounds",
    "changes",
    "current",
    "differences",
    "digest_of",
    "draft_changes",
    "draft_content",
    "fitted",
    "forget",
    "frozen",
    "imported",
    "in_force",
    "is_loaded",
    "is_there",
    "load_defaults",
    "mark_of",
    "opposed_phrases",
    "preset",
    "presets",
    "problem_of",
    "problem_of_tier_model",
    "problems",
    "problems_of_alias",
    "problems_of_phrase",
    "publish",
    "published",
    "refresh",
    "replace_draft",
    "roll_back",
    "same",
    "served_models",
    "to_yaml",
    "trouble",
    "version_yaml",
    "with_preset",
]
