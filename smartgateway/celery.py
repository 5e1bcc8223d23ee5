"""The Celery app; the beat schedule is put together here."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smartgateway.settings")
app = Celery("smartgateway")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
