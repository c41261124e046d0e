"""The celery application: `celery -A ecs …` finds it."""

from celery import Celery

from ecs.integration.liveness import WorkerPulse

app = Celery("ecs")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(WorkerPulse)
