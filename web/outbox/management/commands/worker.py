import signal
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand

from outbox.domain.worker_loop import WorkerLoop


class Command(BaseCommand):
    help = "Delivers events and runs the periodic jobs until it is stopped. Several workers can run at the same time."

    def handle(self, *args: Any, **options: Any) -> None:
        loop = WorkerLoop()

        def stop(number: int, frame: FrameType | None) -> None:
            loop.stopping.set()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        self.stdout.write("Delivering events. Press Ctrl-C to stop.")
        loop.run()
