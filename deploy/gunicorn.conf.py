"""gunicorn for one machine: `gunicorn -c deploy/gunicorn.conf.py`.

Without PORT it listens on 127.0.0.1:8000, with it on that port from everywhere. WEB_CONCURRENCY and THREADS say how
many processes there are and how many requests each of them serves at once.
"""

import os
import sys
from pathlib import Path
from typing import Any

from gunicorn.glogging import Logger

chdir = str(Path(__file__).resolve().parent.parent / "web")
wsgi_app = "hepcat.wsgi"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
threads = int(os.environ.get("THREADS") or 4)
timeout = 30
# A worker is replaced now and then, so that no leak grows for months; not all at once.
max_requests = 2000
max_requests_jitter = 200
# No access log: it would keep addresses of people. The proxy in front counts requests. Whoever turns it on all the same
# with --access-logfile gets lines without addresses of people and of pages, for pages' addresses may be secret.
access_log_format = "%(t)s %(m)s %(s)s %(b)s %(D)s %({x-request-id}o)s"
errorlog = "-"


class SiteLogger(Logger):
    """gunicorn names the address of a request that it could not handle; secrets are left out as in the site's log."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        sys.path.insert(0, chdir)
        from common.logs import LogFormatter

        for handler in self.error_log.handlers:
            handler.setFormatter(LogFormatter())


logger_class = SiteLogger
# No door for commands: systemd and the signals do what is needed, and it would be put into somebody's home.
control_socket_disable = True
