from datetime import time, timedelta

from outbox.periodic_jobs import Job

JOBS = [
    Job("accounting.domain.reconciliation.nightly.start_nightly_run", at=time(5, 30)),
    Job("accounting.domain.reconciliation.nightly.delete_old_runs", every=timedelta(days=1)),
]
