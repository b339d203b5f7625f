from datetime import time, timedelta

from outbox.periodic_jobs import Job

JOBS = [
    Job("mailroom.settle", every=timedelta(minutes=1), run="mailroom.domain.housekeeping.settle"),
    Job("mailroom.remind", every=timedelta(minutes=30), run="mailroom.domain.housekeeping.remind"),
    Job("mailroom.forget_old", at=time(4, 20), run="mailroom.domain.housekeeping.forget_old"),
]
