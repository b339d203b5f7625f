from datetime import timedelta

from outbox.periodic_jobs import Job

JOBS = [
    Job("registrations.domain.upgrades.invitations.send_upgrade_invitations", every=timedelta(hours=1)),
    Job("registrations.domain.minimum_enrollment.decide_due_classes", every=timedelta(hours=1)),
    Job("registrations.domain.spot_offers.offer_free_spots_everywhere", every=timedelta(minutes=2)),
    Job("registrations.domain.notifications.report_conflicts", every=timedelta(minutes=1)),
]
