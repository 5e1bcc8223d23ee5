"""What a reader of a decision's page thought of its answer."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from audit import feedback
from audit.models import RoutingDecision
from audit.models.feedback import COMMENT_LENGTH, VERDICTS
from smartgateway.dashboard.pages import TeamPage


class GiveFeedback(TeamPage):
    """A click on one of the verdicts; a second one takes the place of the first."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        refusal = self.refusal(request)
        if refusal is not None:
            return refusal
        decision = RoutingDecision.objects.visible_to(self.teams).filter(pk=kwargs["pk"]).first()
        if decision is None:
            raise Http404
        verdict, comment = request.POST.get("verdict", ""), request.POST.get("comment", "")
        if verdict not in VERDICTS or len(comment) > COMMENT_LENGTH:
            problem = f"Say one of {', '.join(VERDICTS)}, with a comment of at most {COMMENT_LENGTH} characters."
            return HttpResponse(problem, status=400, content_type="text/plain")
        user = request.user
        feedback.give(decision, verdict, comment, feedback.Giver(user.get_username(), user_id=user.pk or 0))
        return redirect("dashboard:decision", pk=decision.pk)
