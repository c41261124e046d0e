"""Signs of life of worker and beat: a file in /tmp that is touched while their loop turns (see `/start health`)."""

from pathlib import Path

from celery import bootsteps
from celery.beat import Scheduler as InMemoryScheduler

PULSE_SECONDS = 30


def touch(service):
    """Notes that `service` is alive now."""
    Path(f"/tmp/{service}.alive").touch()


class WorkerPulse(bootsteps.StartStopStep):
    """Touches the worker's file from the worker's own timer."""

    requires = {"celery.worker.components:Timer"}

    def __init__(self, worker, **kwargs):
        self._timer = None

    def start(self, worker):
        touch("worker")
        self._timer = worker.timer.call_repeatedly(PULSE_SECONDS, touch, ("worker",), priority=10)

    def stop(self, worker):
        if self._timer:
            self._timer.cancel()


class Scheduler(InMemoryScheduler):
    """Beat's schedule, from the settings alone: there is no file that could be lost or out of date."""

    def setup_schedule(self):
        self.merge_inplace(self.app.conf.beat_schedule)

    def tick(self, *args, **kwargs):
        touch("beat")
        return min(super().tick(*args, **kwargs), PULSE_SECONDS)
