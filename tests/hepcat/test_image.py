"""The container image and the services beside it, as far as that can be known without Docker."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import yaml
from django.test import SimpleTestCase, tag

from tests.hepcat.env_template import template_names
from tests.hepcat.production import TOP, as_root
from tests.services import nginx

DOCKERFILE = TOP / "deploy" / "Dockerfile"
COMPOSE = TOP / "docker-compose.yml"
WRITE = """
import django
django.setup()
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.mail import send_mail
from django.db import connection
from common.files import private
print(default_storage.path(default_storage.save("staff/ada.txt", ContentFile(b"x"))))
print(private.files.path(private.files.save("resources/turn.mp4", ContentFile(b"x"))))
send_mail("Subject", "Text", None, ["ada@example.org"])
print(settings.EMAIL_FILE_PATH)
open(settings.OUTBOX_BEAT_FILE, "a").close()
print(settings.OUTBOX_BEAT_FILE)
connection.cursor().execute("CREATE TABLE something (id int)")
print(settings.DATABASES["default"]["NAME"])
"""

# May read as root may, for the interpreter can lie in root's home, and write as nobody may.
READING = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
AS_NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *READING, "sh", "-c", 'exec "$0" "$@"']


def instructions(name: str) -> Iterator[str]:
    text = DOCKERFILE.read_text().replace("\\\n", " ")
    yield from (line.removeprefix(name).strip() for line in text.splitlines() if line.startswith(f"{name} "))


@tag("once", "processes")
class ImageTest(SimpleTestCase):
    def setUp(self) -> None:
        self.root = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)
        self.root.chmod(0o755)
        self.top = self.root / "srv" / "hepcat"
        without = shutil.ignore_patterns("media", "static", "private", "__pycache__")
        shutil.copytree(TOP / "web", self.top / "web", ignore=without)

    def take_steps(self) -> None:
        """What the Dockerfile does about folders and owners; another user stands for its own."""
        user, group = ("nobody", "nogroup") if os.geteuid() == 0 else (str(os.geteuid()), str(os.getegid()))
        for run in instructions("RUN"):
            for step in run.split("&&"):
                words = shlex.split(step)
                if words[0] not in {"install", "mkdir", "chown", "chmod"}:
                    continue
                here = [str(self.root) + word if word.startswith("/") else word for word in words]
                for number, word in enumerate(here):
                    here[number] = {"hepcat": group if here[number - 1] == "-g" else user}.get(word, word)
                subprocess.run(here, cwd=self.top, check=True, capture_output=True)

    def environment(self) -> dict[str, str]:
        pairs = (pair.partition("=") for line in instructions("ENV") for pair in shlex.split(line))
        found = {name: str(self.root) + value if value.startswith("/") else value for name, _, value in pairs}
        python = {"PATH": os.environ["PATH"], "PYTHONPATH": str(self.top / "web")}
        return (
            found
            | python
            | {"SECRET_KEY": "x" * 60, "ENV_FILE": os.devnull, "DJANGO_SETTINGS_MODULE": "hepcat.settings"}
        )

    def test_its_user_can_write_each_folder_that_the_settings_name_and_all_lie_in_one(self) -> None:
        self.take_steps()
        command = [*AS_NOBODY, sys.executable, "-W", "ignore", "-c", WRITE]
        done = subprocess.run(
            command if os.geteuid() == 0 else command[len(AS_NOBODY) :],
            cwd=self.top / "web",
            env=self.environment(),
            capture_output=True,
            text=True,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        (volume,) = instructions("VOLUME")
        outside = [path for path in done.stdout.split() if not path.startswith(f"{self.root}{volume}/")]
        self.assertEqual((len(done.stdout.split()), outside), (5, []))

    def test_it_runs_as_a_user_of_its_own_on_a_current_python_and_says_whether_it_is_well(self) -> None:
        self.assertEqual(list(instructions("FROM")), ["python:3.13-slim-trixie"])
        self.assertEqual(list(instructions("USER")), ["hepcat"])
        (health,) = instructions("HEALTHCHECK")
        self.assertIn("/healthz", health)
        self.assertIn("pip check", " ".join(instructions("RUN")))


@tag("once")
class ComposeTest(SimpleTestCase):
    def services(self) -> dict[str, dict[str, object]]:
        found: dict[str, dict[str, object]] = yaml.safe_load(COMPOSE.read_text())["services"]
        return found

    def test_the_services_that_were_asked_for_are_there_and_each_says_whether_it_is_well(self) -> None:
        services = self.services()
        self.assertEqual(set(services), {"django", "worker", "migrate", "postgres", "redis", "nginx"})
        # The site's own check is the image's; what migrates ends by itself and says that it needs none.
        checked = {name for name, service in services.items() if "healthcheck" in service}
        self.assertEqual(checked, set(services) - {"django"})

    def test_site_worker_and_nginx_share_one_folder_of_data(self) -> None:
        services = self.services()
        for name, mode in (("django", ""), ("worker", ""), ("migrate", ""), ("nginx", ":ro")):
            self.assertIn(f"data:/data{mode}", services[name]["volumes"])
        self.assertEqual(set(yaml.safe_load(COMPOSE.read_text())["volumes"]), {"data", "postgres"})

    def test_proxies_are_counted_and_every_variable_is_one_that_the_site_reads(self) -> None:
        variables = self.services()["django"]["environment"]
        assert isinstance(variables, dict)
        self.assertIn("TRUSTED_PROXIES", variables)
        self.assertEqual(set(variables) - set(template_names()) - {"PORT"}, set())


@tag("once", "nginx", "processes")
class ComposedNginxTest(SimpleTestCase):
    def test_its_nginx_loads_and_limits_bodies_as_the_one_for_a_machine_of_ones_own(self) -> None:
        mine = (TOP / "deploy" / "nginx-compose.conf").read_text()
        limits = re.compile(r"location (~ \S+) \{\s+client_max_body_size (\w+);")
        self.assertEqual(limits.findall(mine), limits.findall((TOP / "deploy" / "nginx.conf").read_text()))
        with tempfile.TemporaryDirectory() as folder:
            site = mine.replace("listen 80", "listen 127.0.0.1:1").replace("http://django:8000", "http://127.0.0.1:2")
            Path(folder, "site.conf").write_text(site)
            around = f"pid {folder}/pid;\nevents {{}}\nhttp {{ access_log off; include {folder}/site.conf; }}\n"
            Path(folder, "nginx.conf").write_text(around)
            done = as_root(nginx() or "nginx", "-t", "-q", "-e", "stderr", "-c", f"{folder}/nginx.conf")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
