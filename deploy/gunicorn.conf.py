"""gunicorn for one machine: `gunicorn -c deploy/gunicorn.conf.py`.

With PORT it listens on that port of all interfaces, otherwise on 127.0.0.1:8000. WEB_CONCURRENCY is the number of
processes, and THREADS is how many requests each of them serves at the same time.
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
# Workers are replaced from time to time, so that no memory leak grows for months, and not all at the same time.
max_requests = 2000
max_requests_jitter = 200
# There is no access log, because it would store IP addresses; the proxy counts requests. If you turn it on with
# --access-logfile, its lines have neither IP addresses nor URLs, which may be secret.
access_log_format = "%(t)s %(m)s %(s)s %(b)s %(D)s %({x-request-id}o)s"
errorlog = "-"


class SiteLogger(Logger):
    """gunicorn logs the URL of a request that failed, so secrets are removed as in the log of the site."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        sys.path.insert(0, chdir)
        from common.logs import LogFormatter

        for handler in self.error_log.handlers:
            handler.setFormatter(LogFormatter())


logger_class = SiteLogger
# The control socket is not needed besides systemd and signals, and it would be created in a home folder.
control_socket_disable = True
