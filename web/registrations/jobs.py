from datetime import timedelta

from outbox.periodic_jobs import Job

JOBS = [
    Job(
        "registrations.invite_to_upgrade",
        every=timedelta(hours=1),
        run="registrations.domain.upgrades.invitations.send_upgrade_invitations",
    ),
    Job(
        "registrations.report_conflicts",
        every=timedelta(minutes=1),
        run="registrations.domain.notifications.report_conflicts",
    ),
    Job(
        "registrations.decide_minimum",
        every=timedelta(hours=1),
        run="registrations.domain.minimum_enrollment.decide_due_classes",
    ),
    Job(
        "registrations.offer_free_spots",
        every=timedelta(minutes=2),
        run="registrations.domain.spot_offers.offer_free_spots_everywhere",
    ),
]
