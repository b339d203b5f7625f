from datetime import timedelta

from outbox.periodic_jobs import Job

JOBS = [
    Job("common.files.uploads.delete_unclaimed_uploads", every=timedelta(hours=1)),
    Job("common.files.orphans.delete_orphaned_files", every=timedelta(days=1)),
]
