from django.contrib.auth.views import LogoutView
from django.urls import path

from smartgateway.dashboard.views import Overview, SignIn

app_name = "dashboard"
urlpatterns = [
    path("", Overview.as_view(), name="overview"),
    path("sign-in/", SignIn.as_view(), name="sign_in"),
    path("sign-out/", LogoutView.as_view(), name="sign_out"),
]
