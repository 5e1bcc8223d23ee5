from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate

APPEND_ONLY = "audit.append_only"


class AuditConfig(AppConfig):
    name = "audit"
    verbose_name = "The record"

    def ready(self) -> None:
        from audit.append_only import lift_before, protect_after

        pre_migrate.connect(lift_before, sender=self, dispatch_uid=APPEND_ONLY)
        post_migrate.connect(protect_after, sender=self, dispatch_uid=APPEND_ONLY)
