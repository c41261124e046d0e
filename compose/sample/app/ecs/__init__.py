"""The sample application: in small, what an ethics committee's submission system does."""

from ecs.celery import app as celery_app

__all__ = ["celery_app"]
