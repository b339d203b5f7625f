from datetime import time

from outbox.periodic_jobs import Job

JOBS = [Job("outbox.domain.housekeeping.delete_finished_events", at=time(4, 10))]
