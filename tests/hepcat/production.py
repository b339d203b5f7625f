"""A site with the settings of production, in a folder of its own, that tests start and ask from outside."""

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import ClassVar

from django.test import SimpleTestCase, tag

from bench.services import free_port, wait_for
from tests import clock

TOP = Path(__file__).resolve().parents[2]
LOG_IN = """
from django.conf import settings
from django.test import Client
from users.models import User
client = Client()
ada = User.objects.create_superuser("ada@example.org", None, first_name="Ada", last_name="Adler")
client.force_login(ada, "users.backends.PermissionBackend")
print(settings.SESSION_COOKIE_NAME, client.cookies[settings.SESSION_COOKIE_NAME].value)
"""


@tag("processes")
class ProductionCase(SimpleTestCase):
    folder: ClassVar[Path]
    home: ClassVar[Path]
    port: ClassVar[int]
    env: ClassVar[dict[str, str]]
    variables: ClassVar[dict[str, str]] = {}

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.folder = Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.port = free_port()
        cls.home = cls.folder / "home"
        cls.home.mkdir()
        cls.env = {name: os.environ[name] for name in ("PATH", "LANG", *clock.VARIABLES) if name in os.environ} | {
            "HOME": str(cls.home),
            "ENV_FILE": str(TOP / ".env_template"),
            "SECRET_KEY": secrets.token_urlsafe(50),
            "ALLOWED_HOSTS": "127.0.0.1",
            "BEHIND_HTTPS_PROXY": "True",
            "TRUSTED_PROXIES": "1",
            "DATABASE_URL": f"sqlite:///{cls.folder}/db.sqlite3",
            "STATIC_ROOT": str(cls.folder / "static"),
            "MEDIA_ROOT": str(cls.folder / "media"),
            "PRIVATE_ROOT": str(cls.folder / "private"),
            "EMAIL_FILE_PATH": str(cls.folder / "mail"),
            "LOG_LEVEL": "ERROR",
            "PYTHONPATH": os.pathsep.join([str(TOP / "web"), os.environ.get("PYTHONPATH", "")]),
            **cls.variables,
        }

    @classmethod
    def manage(cls, *step: str) -> str:
        command = [sys.executable, "-W", "ignore", str(TOP / "web" / "manage.py"), *step]
        done = subprocess.run(command, env=cls.env, capture_output=True, text=True)
        assert done.returncode == 0, f"{step[0]}: {done.stdout}{done.stderr}"
        return done.stdout

    @classmethod
    def start_gunicorn(cls) -> None:
        command = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "--bind", f"127.0.0.1:{cls.port}"]
        server = subprocess.Popen([*command, "--log-level", "error"], cwd=TOP, env=cls.env)
        cls.addClassCleanup(server.wait)
        cls.addClassCleanup(server.terminate)
        wait_for(cls.port)


def as_root(*command: str) -> subprocess.CompletedProcess[str]:
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    return subprocess.run([*sudo, *command], capture_output=True, text=True)
