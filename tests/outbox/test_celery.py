"""The Celery engine, with a broker and while the broker is unreachable."""

import os
import subprocess
import sys

from django.conf import settings
from django.test import SimpleTestCase, tag

from outbox.engines.celery import Publisher
from tests.outbox.processes import EMIT, ProcessTestCase


class RecordingPublisher(Publisher):
    """Records the batches instead of sending them to a broker."""

    def __init__(self) -> None:
        self.sent: list[list[int]] = []
        super().__init__()

    def send(self, ids: list[int]) -> None:
        self.sent.append(ids)


class PublisherTest(SimpleTestCase):
    def test_many_small_announcements_are_combined_into_few_messages_and_none_is_lost(self) -> None:
        publisher = RecordingPublisher()
        for number in range(0, 500, 2):
            publisher.announce([number, number + 1])
        publisher.end()
        self.assertEqual([pk for ids in publisher.sent for pk in ids], list(range(500)))
        self.assertLessEqual(max(map(len, publisher.sent)), 50)


class UnreachableBrokerTest(ProcessTestCase):
    def test_delivery_is_saved_and_waits_while_the_broker_is_unreachable(self) -> None:
        self.env |= {"OUTBOX_ENGINE": "celery", "CELERY_BROKER_URL": "redis://127.0.0.1:1/0"}
        self.manage("shell", "-c", EMIT)
        self.assertEqual(self.ask("SELECT state, tries FROM outbox_delivery"), [("waiting", 0)])


@tag("redis")
class BrokerTest(ProcessTestCase):
    def test_celery_worker_runs_deliveries_that_were_announced_and_those_that_were_not(self) -> None:
        (self.home / "half-way").touch()
        self.manage("shell", "-c", EMIT.replace('"a"', '"b"'))  # The worker engine announces nothing.
        self.env |= {
            "OUTBOX_ENGINE": "celery",
            "CELERY_BROKER_URL": os.environ["TEST_REDIS_URL"],
            "OUTBOX_BEAT_FILE": str(self.home / "beat"),
        }
        self.manage("shell", "-c", EMIT)
        worker = subprocess.Popen(
            [sys.executable, str(settings.WEB / "manage.py"), "celery", "--concurrency", "1"],
            env=self.env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.addCleanup(worker.wait)
        self.addCleanup(worker.terminate)
        self.wait_until(lambda: self.ask("SELECT count(*) FROM outbox_delivery WHERE state = 'done'") == [(2,)])
