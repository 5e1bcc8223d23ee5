"""The policy: edited as draft rows, frozen by publishing, kept in memory by each process."""

from routing.policies.aliases import problems_of_alias
from routing.policies.changes import changes
from routing.policies.defaults import bounds, load_defaults
from routing.policies.drafts import Content, digest_of, draft_content
from routing.policies.environment import differences
from routing.policies.publishing import NothingToPublishError, draft_changes, publish
from routing.policies.served import served_models
from routing.policies.snapshot import (
    PolicyMissingError,
    current,
    forget,
    frozen,
    is_loaded,
    published,
    refresh,
    trouble,
)
from routing.policies.validation import problems

__all__ = [
    "Content",
    "NothingToPublishError",
    "PolicyMissingError",
    "bounds",
    "changes",
    "current",
    "differences",
    "digest_of",
    "draft_changes",
    "draft_content",
    "forget",
    "frozen",
    "is_loaded",
    "load_defaults",
    "problems",
    "problems_of_alias",
    "publish",
    "published",
    "refresh",
    "served_models",
    "trouble",
]
