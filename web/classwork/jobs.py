from datetime import timedelta

from outbox.periodic_jobs import Job

JOBS = [
    Job(
        "classwork.delete_unclaimed_uploads",
        every=timedelta(hours=1),
        run="common.files.uploads.delete_unclaimed_uploads",
    ),
    Job("classwork.delete_orphaned_files", every=timedelta(days=1), run="common.files.orphans.delete_orphaned_files"),
]
