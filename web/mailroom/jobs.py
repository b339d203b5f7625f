from datetime import time, timedelta

from outbox.clock import Job

JOBS = [
    Job("mailroom.settle", every=timedelta(minutes=1), run="mailroom.domain.tending.settle"),
    Job("mailroom.remind", every=timedelta(minutes=30), run="mailroom.domain.tending.remind"),
    Job("mailroom.forget_old", at=time(4, 20), run="mailroom.domain.tending.forget_old"),
]
