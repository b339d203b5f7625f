from datetime import time, timedelta

from outbox.periodic_jobs import Job

JOBS = [
    Job("mailroom.settle", every=timedelta(minutes=1), run="mailroom.domain.housekeeping.close_abandoned_sendings"),
    Job("mailroom.remind", every=timedelta(minutes=30), run="mailroom.domain.housekeeping.requeue_forgotten_messages"),
    Job("mailroom.forget_old", at=time(4, 20), run="mailroom.domain.housekeeping.delete_old_messages"),
]
