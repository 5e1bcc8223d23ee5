"""How well and how fast a local model sorts labelled requests, before Phase 2 trusts it."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from routing import clients
from routing.classifier import Classifier, Judge
from routing.engine.types import LADDER, Policy, RoutingRequest, Tier
from routing.evaluation import UnreadableRowError, labelled_request
from routing.providers.base import ProviderError

LOADING_SECONDS = 120.0  # before the first answer, which is not counted
SHARES = {"p50": 0.5, "p95": 0.95, "max": 1.0}
NONE = "none"
TIMEOUT, INVALID = "timeout", "error:unreadable_answer"


class CannotCalibrateError(Exception):
    """The message says what is missing."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """`label` is None where no tier was good enough: then only the answer's form and speed count."""

    request: RoutingRequest
    label: Tier | None


@dataclass(frozen=True, slots=True)
class Sorted:
    label: Tier | None
    tier: Tier | None
    error: str
    latency_ms: float


def labelled(row: Any) -> Labelled:
    """Raises `CannotCalibrateError` for what is no labelled request."""
    try:
        return Labelled(*labelled_request(row))
    except UnreadableRowError as exc:
        raise CannotCalibrateError(str(exc)) from exc


def calibrated(rows: Sequence[Labelled], policy: Policy, model: str) -> Iterator[Sorted]:
    """One after another, each by a classifier that remembers nothing. Raises `CannotCalibrateError`."""
    local = clients.open_local()
    if local is None:
        raise CannotCalibrateError("No local model server is configured: set LOCAL_LLM_BASE_URL.")
    with asyncio.Runner() as runner:
        try:
            judge = runner.run(_judge(local, model))
            runner.run(_answer(rows[0], _patient(policy), judge))
            for row in rows:
                yield runner.run(_answer(row, policy, judge))
        finally:
            runner.run(local.provider.aclose())


async def _judge(local: clients.Local, model: str) -> Judge:
    try:
        server = await local.scout.look(model)
    except ProviderError as exc:
        raise CannotCalibrateError(f"The local model server does not answer: {exc}") from exc
    installed = server.find(model)
    if installed is None:
        known = ", ".join(sorted(server.chat_models or server.models)) or "none"
        raise CannotCalibrateError(f"{model!r} is not installed there. Installed are: {known}.")
    return Judge(local.provider, installed)


async def _answer(row: Labelled, policy: Policy, judge: Judge) -> Sorted:
    verdict = await Classifier().classify(row.request, policy, judge)
    return Sorted(row.label, verdict.tier, verdict.error, verdict.latency_ms)


def _patient(policy: Policy) -> Policy:
    return replace(policy, thresholds={**policy.thresholds, "classifier_timeout_seconds": LOADING_SECONDS})


def report(found: Sequence[Sorted], model: str) -> dict[str, Any]:
    """Everything in plain values."""
    graded = [each for each in found if each.label is not None]
    errors = Counter(each.error for each in found if each.tier is None)
    return {
        "model": model,
        "rows": len(found),
        "graded": len(graded),
        "agreement": _share(sum(each.tier is each.label for each in graded), len(graded)),
        "too_weak": _share(sum(_rungs(each) < 0 for each in graded), len(graded)),
        "too_strong": _share(sum(_rungs(each) > 0 for each in graded), len(graded)),
        "answered": _share(sum(each.tier is not None for each in found), len(found)),
        "timeouts": errors.pop(TIMEOUT, 0),
        "invalid": errors.pop(INVALID, 0),
        "errors": dict(errors),
        "confusion": confusion(graded),
        "latency_ms": latency(found),
    }


def confusion(graded: Sequence[Sorted]) -> dict[str, dict[str, int]]:
    """Labels to what the model said; what it did not say stands under `none`."""
    pairs = Counter((each.label, each.tier or NONE) for each in graded)
    return {str(label): {str(said): pairs[label, said] for said in (*LADDER, NONE)} for label in LADDER}


def latency(found: Sequence[Sorted]) -> dict[str, float]:
    times = sorted(each.latency_ms for each in found)
    return {name: round(times[min(len(times) - 1, int(len(times) * share))], 1) for name, share in SHARES.items()}


def _rungs(each: Sorted) -> int:
    """How much more the model asked for than the label; 0 without an answer."""
    if each.tier is None or each.label is None:
        return 0
    return LADDER.index(each.tier) - LADDER.index(each.label)


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
