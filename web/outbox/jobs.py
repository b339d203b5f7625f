from datetime import time

from outbox.periodic_jobs import Job

JOBS = [Job("outbox.forget_old", at=time(4, 10), run="outbox.domain.housekeeping.delete_finished_events")]
