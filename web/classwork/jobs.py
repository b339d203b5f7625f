from datetime import timedelta

from outbox.clock import Job

JOBS = [Job("classwork.lapse_holds", every=timedelta(minutes=5), run="classwork.domain.places.registering.lapse_due")]
