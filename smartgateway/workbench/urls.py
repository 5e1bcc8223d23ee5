from django.urls import path

from smartgateway.workbench.versions import Versions

app_name = "workbench"
urlpatterns = [
    path("", Versions.as_view(), name="versions"),
]
