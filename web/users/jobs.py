from datetime import time

from outbox.periodic_jobs import Job

JOBS = [
    Job("users.delete_unused_accounts", at=time(4, 30), run="users.domain.accounts.delete_unused_accounts"),
    Job("users.clear_expired_sessions", at=time(4, 40), run="users.domain.accounts.clear_expired_sessions"),
]
