from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from smartgateway.api import description, health
from smartgateway.api.chat import ChatCompletions, SimpleChat
from smartgateway.api.completions import Completions
from smartgateway.api.decisions import Decisions
from smartgateway.api.embeddings import Embeddings
from smartgateway.api.explain import Route
from smartgateway.api.feedback import Feedback
from smartgateway.api.messages.view import CountTokens, Messages
from smartgateway.api.models import Model, Models
from smartgateway.api.responses.view import Responses
from smartgateway.dashboard.connecting import Connect
from smartgateway.keys.passwords import change_own_password

api_views = [
    path("v1/chat/completions", ChatCompletions.as_view()),
    path("v1/messages", Messages.as_view()),
    path("v1/messages/count_tokens", CountTokens.as_view()),
    path("v1/responses", Responses.as_view()),
    path("chat", SimpleChat.as_view()),
    path("v1/completions", Completions.as_view()),
    path("v1/embeddings", Embeddings.as_view()),
    path("v1/models", Models.as_view()),
    path("v1/models/<path:name>", Model.as_view()),
    path("v1/route", Route.as_view()),
    path("v1/decisions", Decisions.as_view()),
    path("v1/feedback", Feedback.as_view()),
    path("v1/openapi.json", description.openapi),
    path("health/live", health.live),
    path("health/ready", health.ready),
]

urlpatterns = [
    *api_views,
    path("docs/", description.page, name="reference"),
    path("admin/password_change/", admin.site.admin_view(change_own_password, cacheable=True)),
    path("admin/", admin.site.urls),
    path("connect/", Connect.as_view(), name="connect"),
    path("dashboard/", include("smartgateway.dashboard.urls")),
    path("workbench/", include("smartgateway.workbench.urls")),
    path("", RedirectView.as_view(pattern_name="dashboard:overview")),
]
