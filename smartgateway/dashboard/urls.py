from django.contrib.auth.views import LogoutView
from django.urls import path

from smartgateway.dashboard.explorer import Decision, Decisions
from smartgateway.dashboard.feedback import GiveFeedback
from smartgateway.dashboard.listed import ExportDecisions
from smartgateway.dashboard.views import Export, Overview, Rebuild, SignIn, Statement

app_name = "dashboard"
urlpatterns = [
    path("", Overview.as_view(), name="overview"),
    path("export/", Export.as_view(), name="export"),
    path("statement/", Statement.as_view(), name="statement"),
    path("rebuild/", Rebuild.as_view(), name="rebuild"),
    path("decisions/", Decisions.as_view(), name="decisions"),
    path("decisions/export/", ExportDecisions.as_view(), name="export_decisions"),
    path("decisions/<uuid:pk>/", Decision.as_view(), name="decision"),
    path("decisions/<uuid:pk>/feedback/", GiveFeedback.as_view(), name="feedback"),
    path("sign-in/", SignIn.as_view(), name="sign_in"),
    path("sign-out/", LogoutView.as_view(), name="sign_out"),
]
