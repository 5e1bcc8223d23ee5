from django.apps import AppConfig


class WorkbenchConfig(AppConfig):
    name = "smartgateway.workbench"
    label = "workbench"
