from django.apps import AppConfig


class KeysConfig(AppConfig):
    name = "smartgateway.keys"
    label = "keys"
    verbose_name = "People"
