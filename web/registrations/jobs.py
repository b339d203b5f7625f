from datetime import timedelta

from outbox.periodic_jobs import Job

JOBS = [
    Job(
        "registrations.ask_to_stay",
        every=timedelta(hours=1),
        run="registrations.domain.tickets.stay_invitations.send_stay_invitations",
    ),
    Job("registrations.lapse_holds", every=timedelta(minutes=5), run="registrations.domain.spots.expire_due_holds"),
    Job(
        "registrations.decide_minimum",
        every=timedelta(hours=1),
        run="registrations.domain.minimum_enrollment.decide_due_classes",
    ),
    Job(
        "registrations.tend_waiting",
        every=timedelta(minutes=2),
        run="registrations.domain.spot_offers.offer_free_spots_everywhere",
    ),
]
