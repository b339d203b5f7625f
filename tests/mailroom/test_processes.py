"""A worker is killed while it sends to a real mail server."""

import signal

from mailroom.models import MessageState
from tests.fakes.smtp_server import Handler, smtp_server
from tests.outbox.processes import ProcessTestCase

DRAFT = """
from django.db import transaction
from mailroom.domain import draft_message
with transaction.atomic():
    for number in range({count}):
        draft_message("choir.welcome", to=f"reader{{number}}@example.org", key="1")
"""
CLOSE_ABANDONED_SENDINGS = """
from outbox.periodic_jobs import declared_jobs
[job() for job in declared_jobs() if job.name == "mailroom.close_abandoned_sendings"]
"""


class KilledWorkerTest(ProcessTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.server: Handler = self.enterContext(smtp_server())
        self.env |= {
            "EXTRA_APPS": "tests.mailroom.plugin",
            "WORKFLOWS": "",
            "MAIL_LEASE": "1",
            "EMAIL_URL": f"smtp://127.0.0.1:{self.server.port}",
        }

    def states(self) -> dict[str, int]:
        return dict(self.ask("SELECT state, count(*) FROM mailroom_message GROUP BY state"))

    def close_abandoned_sendings(self) -> bool:
        """Run the job that a worker runs only once a minute, and return whether no message is being sent anymore."""
        self.manage("shell", "-c", CLOSE_ABANDONED_SENDINGS)
        return MessageState.SENDING not in self.states()

    def test_worker_killed_before_the_server_answers_leaves_one_message_possibly_sent_and_none_sent_twice(self) -> None:
        self.server.silent_after = 3
        self.manage("shell", "-c", DRAFT.format(count=8))
        first = self.start_worker()
        self.wait_until(lambda: len(self.server.taken) == 4)
        first.send_signal(signal.SIGKILL)
        first.wait()
        self.assertEqual(self.states(), {MessageState.SENT: 3, MessageState.SENDING: 1, MessageState.QUEUED: 4})
        self.server.silent_after = None
        self.start_worker()
        self.wait_until(lambda: not self.states().get(MessageState.QUEUED))
        self.wait_until(self.close_abandoned_sendings)
        self.assertEqual(self.states(), {MessageState.SENT: 7, MessageState.PERHAPS: 1})
        self.assertEqual(sorted(self.server.readers()), sorted(f"reader{number}@example.org" for number in range(8)))

    def test_workers_killed_at_any_moment_lose_no_message_and_send_none_twice(self) -> None:
        count, kills = 60, 4
        self.manage("shell", "-c", DRAFT.format(count=count))
        for number in range(kills):
            worker = self.start_worker()
            self.wait_until(lambda number=number: len(self.server.taken) >= 10 * (number + 1))
            worker.send_signal(signal.SIGKILL)
            worker.wait()
        self.start_worker()
        self.wait_until(lambda: not self.states().get(MessageState.QUEUED))
        self.wait_until(self.close_abandoned_sendings)
        states, readers = self.states(), self.server.readers()
        self.assertEqual(len(readers), len(set(readers)))
        self.assertEqual(states[MessageState.SENT] + states.get(MessageState.PERHAPS, 0), count)
        self.assertLessEqual(states.get(MessageState.PERHAPS, 0), kills)
        self.assertGreaterEqual(len(readers), states[MessageState.SENT])
