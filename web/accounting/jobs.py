from datetime import time, timedelta

from outbox.periodic_jobs import Job

JOBS = [
    Job("accounting.reconcile", at=time(5, 30), run="accounting.domain.reconciliation.nightly.start_nightly_run"),
    Job(
        "accounting.delete_old_runs",
        every=timedelta(days=1),
        run="accounting.domain.reconciliation.nightly.delete_old_runs",
    ),
]
