"""gunicorn for one machine: `gunicorn -c deploy/gunicorn.conf.py`.

Without PORT it listens on 127.0.0.1:8000, with it on that port from everywhere. WEB_CONCURRENCY and THREADS say how
many processes there are and how many requests each of them serves at once.
"""

import os
from pathlib import Path

chdir = str(Path(__file__).resolve().parent.parent / "web")
wsgi_app = "hepcat.wsgi"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
threads = int(os.environ.get("THREADS") or 4)
timeout = 30
# A worker is replaced now and then, so that no leak grows for months; not all at once.
max_requests = 2000
max_requests_jitter = 200
# No access log: it would keep addresses of people. The proxy in front counts requests.
errorlog = "-"
# No door for commands: systemd and the signals do what is needed, and it would be put into somebody's home.
control_socket_disable = True
