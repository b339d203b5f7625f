from datetime import time

from outbox.periodic_jobs import Job

JOBS = [
    Job("users.domain.accounts.delete_unused_accounts", at=time(4, 30)),
    Job("users.domain.accounts.clear_expired_sessions", at=time(4, 40)),
]
