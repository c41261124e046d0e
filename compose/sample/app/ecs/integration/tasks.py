"""Housekeeping that beat asks for."""

from celery import shared_task
from django.core.management import call_command

from ecs.integration.models import Heartbeat


@shared_task
def heartbeat():
    """Proves once a minute that beat, queue, worker and database work together."""
    Heartbeat.note()


@shared_task
def clearsessions():
    """Removes sessions that have ended from the database."""
    call_command("clearsessions")
