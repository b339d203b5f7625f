from datetime import timedelta

from outbox.periodic_jobs import Job

JOBS = [
    Job(
        "classwork.ask_to_stay",
        every=timedelta(hours=1),
        run="classwork.domain.places.tickets.asking.send_stay_invitations",
    ),
    Job(
        "classwork.lapse_holds", every=timedelta(minutes=5), run="classwork.domain.places.registering.expire_due_holds"
    ),
    Job("classwork.unclaimed_uploads", every=timedelta(hours=1), run="common.files.uploads.delete_unclaimed_uploads"),
    Job("classwork.orphaned_files", every=timedelta(days=1), run="common.files.orphans.delete_orphaned_files"),
    Job("classwork.decide_minimum", every=timedelta(hours=1), run="classwork.domain.places.minimum.decide_due_classes"),
    Job(
        "classwork.tend_waiting",
        every=timedelta(minutes=2),
        run="classwork.domain.places.waiting.queue.offer_free_spots_everywhere",
    ),
]
