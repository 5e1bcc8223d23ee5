"""`POST /v1/feedback`: what the client's user thought of an answer."""

from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from django.db import DatabaseError
from django.db.models import Q
from django.http import HttpResponse
from rest_framework.request import Request

from audit import feedback
from audit.models import Feedback as Given
from audit.models import RoutingDecision
from audit.models.feedback import COMMENT_LENGTH, VERDICTS
from smartgateway.api.base import GatewayView, key_of
from smartgateway.api.rows import in_thread
from smartgateway.completions.admission import admit
from smartgateway.completions.errors import BadRequestError, GatewayError
from smartgateway.keys.snapshots import KeySnapshot

MEMBERS = ("decision_id", "verdict", "comment")


class Said(NamedTuple):
    decision_id: UUID
    verdict: str
    comment: str


class Feedback(GatewayView):
    """On decisions of the key or of its team. Said again, it takes the place of what the key said before."""

    async def post(self, request: Request) -> HttpResponse:
        key = key_of(request)
        await admit(key)
        said = parsed(request.data)
        try:
            given, is_first = await in_thread(keep, key, said)
        except DatabaseError as exc:
            raise GatewayError(
                503, "database_unavailable", "Feedback cannot be kept at the moment.", type="api_error", retry_after=5
            ) from exc
        return HttpResponse(msgspec.json.encode(as_object(given, is_first)), content_type="application/json")


def parsed(data: Any) -> Said:
    """Raises `BadRequestError` that names the member at fault."""
    if not isinstance(data, dict):
        raise BadRequestError("The body must be a JSON object.")
    if unknown := sorted(set(data) - set(MEMBERS)):
        raise BadRequestError(
            f"'{unknown[0][:40]}' is not known here: send {', '.join(MEMBERS)}.", param=unknown[0][:40]
        )
    return Said(
        decision_id_of(data.get("decision_id")), verdict_of(data.get("verdict")), comment_of(data.get("comment"))
    )


def decision_id_of(value: object) -> UUID:
    try:
        return UUID(value)  # type: ignore[arg-type]
    except (ValueError, TypeError, AttributeError):
        raise BadRequestError(
            "'decision_id' must be the id in the answer's x-smartgateway-decision-id.", param="decision_id"
        ) from None


def verdict_of(value: object) -> str:
    verdict = value.strip().lower().replace(" ", "_") if isinstance(value, str) else ""
    if verdict not in VERDICTS:
        raise BadRequestError(f"'verdict' must be one of {', '.join(VERDICTS)}.", param="verdict")
    return verdict


def comment_of(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadRequestError("'comment' must be a string.", param="comment", code="invalid_type")
    if len(value) > COMMENT_LENGTH:
        raise BadRequestError(
            f"'comment' has {len(value):,} characters; at most {COMMENT_LENGTH} are kept.", param="comment"
        )
    return value


def keep(key: KeySnapshot, said: Said) -> tuple[Given, bool]:
    theirs = RoutingDecision.objects.filter(Q(key_id=key.id) | Q(team_id=key.team_id))
    decision = theirs.filter(pk=said.decision_id).first()
    if decision is None:
        raise GatewayError(
            404,
            "decision_not_found",
            "Neither this key nor its team has a decision of that id. One that is seconds old may not be there yet.",
            param="decision_id",
        )
    return feedback.give(decision, said.verdict, said.comment, feedback.Giver(key.name, key_id=key.id))


def as_object(given: Given, is_first: bool) -> dict[str, Any]:
    return {
        "object": "feedback",
        "decision_id": str(given.decision_id),
        "verdict": given.verdict,
        "comment": given.comment,
        "given_at": given.given_at.isoformat(),
        "replaced": not is_first,
    }
