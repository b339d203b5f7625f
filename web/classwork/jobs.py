from datetime import timedelta

from outbox.periodic_jobs import Job

JOBS = [
    Job("classwork.ask_to_stay", every=timedelta(hours=1), run="classwork.domain.places.tickets.asking.ask"),
    Job("classwork.lapse_holds", every=timedelta(minutes=5), run="classwork.domain.places.registering.lapse_due"),
    Job("classwork.unclaimed_uploads", every=timedelta(hours=1), run="common.files.uploads.tidy"),
    Job("classwork.orphaned_files", every=timedelta(days=1), run="common.files.orphans.tidy"),
    Job("classwork.decide_minimum", every=timedelta(hours=1), run="classwork.domain.places.minimum.decide_due"),
    Job("classwork.tend_waiting", every=timedelta(minutes=2), run="classwork.domain.places.waiting.queue.tend_all"),
]
