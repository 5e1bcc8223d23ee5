from django.apps import AppConfig


class LocalConfig(AppConfig):
    name = "smartgateway.local"
    label = "local"
