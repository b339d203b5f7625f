from typing import Any

from django.core.management.base import BaseCommand

from outbox.domain.worker_loop import record_heartbeat, work_once
from outbox.work_queues import never_stop


class Command(BaseCommand):
    help = "Runs the jobs that are due, delivers waiting events and exits. For hosts that only have cron."

    def handle(self, *args: Any, **options: Any) -> None:
        record_heartbeat("tick")
        total = work_once(never_stop)
        self.stdout.write(f"{total} deliver{'y' if total == 1 else 'ies'} done.")
