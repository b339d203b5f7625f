from datetime import time, timedelta

from mailroom.domain.drafts import QUEUE
from outbox.periodic_jobs import Job
from outbox.work_queues import WorkQueue

QUEUES = [
    WorkQueue(
        QUEUE,
        run="mailroom.domain.send_batches.send_due_messages",
        backlog="mailroom.domain.send_batches.count_backlog",
        trace="mailroom.domain.traced_messages.trace_messages",
    )
]

JOBS = [
    Job("mailroom.domain.housekeeping.close_abandoned_sendings", every=timedelta(minutes=1)),
    Job("mailroom.domain.housekeeping.delete_old_messages", at=time(4, 20)),
]
