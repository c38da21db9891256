"""The Celery application. A message only says "look": the database is the queue."""

import os

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crowdspeak.settings")

TRANSPORT_ALIASES["filesystem"] = "crowdspeak.file_broker:Transport"

app = Celery("crowdspeak")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["launches", "crowdspeak"])
