"""The published policy in this process's memory."""

import logging
from functools import lru_cache

from django.core.exceptions import SynchronousOnlyOperation
from django.db import DatabaseError

from routing.engine.content import matched_phrases, policy_from
from routing.engine.types import Policy
from routing.models import PolicyVersion
from routing.phrases import compile_matcher
from routing.policies.drafts import digest_of
from routing.policies.environment import differences
from routing.policies.shipped import completed

logger = logging.getLogger(__name__)
KEPT_VERSIONS = 4  # that are decided by again
LOOK_BACK = 20  # versions tried at the start when the newest cannot be read

_policy: Policy | None = None
_trouble = ""
_refused: tuple[int, str] | None = None  # the newest version, when it could not be read


class PolicyMissingError(Exception):
    """Nothing is published, or nothing could be loaded yet."""


class BrokenVersionError(Exception):
    """The stored content is not what was published, or this release cannot read it."""


def current() -> Policy:
    """The policy in force. The first call reads the rows, and so belongs outside the event loop."""
    if _policy is None:
        try:
            refresh()
        except SynchronousOnlyOperation as exc:
            raise PolicyMissingError("no policy was loaded before the first request") from exc
    if _policy is None:
        raise PolicyMissingError(_trouble)
    return _policy


def is_loaded() -> bool:
    return _policy is not None


def forget() -> None:
    """Empties the memory: the next `current` reads the rows."""
    global _policy, _trouble, _refused
    _policy, _trouble, _refused = None, "", None


def trouble() -> str:
    """Why the policy in memory is not the newest published one; empty when it is."""
    return _trouble


def refresh() -> bool:
    """Loads a newly published version, if there is one. On any failure the last good one stays in force."""
    try:
        newest = PolicyVersion.objects.order_by("-number").values_list("number", "digest").first()
        if newest is None:
            return _note("no policy is published: run manage.py bootstrap")
        if _policy is not None and newest == (_policy.version, _policy.digest):
            return _note("")
        return newest != _refused and _load(newest)
    except DatabaseError as exc:
        return _note(f"the published policy could not be read: {exc}")


def frozen(version: PolicyVersion) -> Policy:
    """One stored version as the engine reads it; what it knows nothing of yet is as the release has it."""
    if digest_of(version.content) != version.digest:
        raise BrokenVersionError(f"policy {version.number} is not what was published: its digest differs")
    try:
        content = completed(version.content)
        match = compile_matcher(matched_phrases(content))
        return policy_from(content, version=version.number, digest=version.digest, match=match)
    except (ValueError, TypeError, KeyError, AttributeError) as exc:
        raise BrokenVersionError(f"policy {version.number} cannot be read: {exc!r}") from exc


def published(number: int) -> Policy | None:
    """Any published version, to decide by it again; None where it is not there or cannot be read."""
    digest = PolicyVersion.objects.filter(number=number).values_list("digest", flat=True).first()
    try:
        return _published(number, digest) if digest else None
    except BrokenVersionError:
        return None


@lru_cache(maxsize=KEPT_VERSIONS)
def _published(number: int, digest: str) -> Policy:
    return frozen(PolicyVersion.objects.get(number=number, digest=digest))


def _load(newest: tuple[int, str]) -> bool:
    """Takes the newest version into memory; a process that has none yet goes back to one that can be read."""
    global _policy, _refused
    problem, is_start = "", _policy is None
    for version in PolicyVersion.objects.order_by("-number")[: 1 if _policy else LOOK_BACK]:
        try:
            _policy = frozen(version)
        except BrokenVersionError as exc:
            _refused, problem = newest, problem or str(exc)
        else:
            _note(problem)
            for sentence in differences(version.content) if is_start else ():
                logger.warning(sentence)
            return True
    return _note(problem)


def _note(problem: str) -> bool:
    global _trouble
    if problem and problem != _trouble:
        logger.error("Routing policy: %s", problem)
    _trouble = problem
    return False
