from django.apps import AppConfig


class DashboardConfig(AppConfig):
    name = "smartgateway.dashboard"
    label = "dashboard"
