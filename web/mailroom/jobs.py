from datetime import time, timedelta

from outbox.periodic_jobs import Job

JOBS = [
    Job(
        "mailroom.close_abandoned_sendings",
        every=timedelta(minutes=1),
        run="mailroom.domain.housekeeping.close_abandoned_sendings",
    ),
    Job(
        "mailroom.requeue_forgotten_messages",
        every=timedelta(minutes=30),
        run="mailroom.domain.housekeeping.requeue_forgotten_messages",
    ),
    Job("mailroom.delete_old_messages", at=time(4, 20), run="mailroom.domain.housekeeping.delete_old_messages"),
]
