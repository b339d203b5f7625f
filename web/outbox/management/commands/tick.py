from typing import Any

from django.core.management.base import BaseCommand

from outbox.domain.delivering import never
from outbox.domain.worker_loop import beat, one_pass


class Command(BaseCommand):
    help = "Runs the jobs that are due, delivers waiting events and exits. For hosts that only have cron."

    def handle(self, *args: Any, **options: Any) -> None:
        beat("tick")
        total = one_pass(never)
        self.stdout.write(f"{total} deliver{'y' if total == 1 else 'ies'} done.")
