from datetime import time

from outbox.clock import Job

JOBS = [Job("outbox.forget_old", at=time(4, 10), run="outbox.domain.tidying.forget_old")]
