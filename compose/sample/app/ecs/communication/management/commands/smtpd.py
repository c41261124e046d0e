import asyncio
import signal

from django.core.management.base import BaseCommand

from ecs.communication.smtpd import serve


class Command(BaseCommand):
    help = "Serves the mail server for answers until it gets SIGTERM."

    def handle(self, **options):
        try:
            asyncio.run(self.serve_until_stopped())
        except asyncio.CancelledError:
            pass

    async def serve_until_stopped(self):
        task = asyncio.current_task()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        await serve()
