"""The Celery application, for `celery -A hepcat`. It needs requirements-scale.txt and OUTBOX_ENGINE=celery."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hepcat.settings")

app = Celery("hepcat")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
