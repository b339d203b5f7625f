"""The container image and its services, as far as they can be tested without Docker."""

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
WRITE_EVERYWHERE = """
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

# The process may read like root, because the interpreter can be in root's home, but may only write like nobody.
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
        ignored = shutil.ignore_patterns("media", "static", "private", "__pycache__")
        shutil.copytree(TOP / "web", self.top / "web", ignore=ignored)

    def run_folder_commands(self) -> None:
        """Run the commands of the Dockerfile for folders and owners, with another user in place of its own."""
        user, group = ("nobody", "nogroup") if os.geteuid() == 0 else (str(os.geteuid()), str(os.getegid()))
        for instruction in instructions("RUN"):
            for step in instruction.split("&&"):
                words = shlex.split(step)
                if words[0] not in {"install", "mkdir", "chown", "chmod"}:
                    continue
                command = [str(self.root) + word if word.startswith("/") else word for word in words]
                for number, word in enumerate(command):
                    command[number] = {"hepcat": group if command[number - 1] == "-g" else user}.get(word, word)
                subprocess.run(command, cwd=self.top, check=True, capture_output=True)

    def environment(self) -> dict[str, str]:
        pairs = (pair.partition("=") for line in instructions("ENV") for pair in shlex.split(line))
        variables = {name: str(self.root) + value if value.startswith("/") else value for name, _, value in pairs}
        interpreter = {"PATH": os.environ["PATH"], "PYTHONPATH": str(self.top / "web")}
        return (
            variables
            | interpreter
            | {"SECRET_KEY": "x" * 60, "ENV_FILE": os.devnull, "DJANGO_SETTINGS_MODULE": "hepcat.settings"}
        )

    def test_image_user_can_write_every_configured_folder_and_all_are_in_the_volume(self) -> None:
        self.run_folder_commands()
        command = [*AS_NOBODY, sys.executable, "-W", "ignore", "-c", WRITE_EVERYWHERE]
        result = subprocess.run(
            command if os.geteuid() == 0 else command[len(AS_NOBODY) :],
            cwd=self.top / "web",
            env=self.environment(),
            capture_output=True,
            text=True,
        )
        self.assertEqual(result.returncode, 0, result.stderr)
        (volume,) = instructions("VOLUME")
        outside = [path for path in result.stdout.split() if not path.startswith(f"{self.root}{volume}/")]
        self.assertEqual((len(result.stdout.split()), outside), (5, []))

    def test_image_has_its_own_user_a_current_python_and_a_health_check(self) -> None:
        self.assertEqual(list(instructions("FROM")), ["python:3.13-slim-trixie"])
        self.assertEqual(list(instructions("USER")), ["hepcat"])
        (health,) = instructions("HEALTHCHECK")
        self.assertIn("/healthz", health)
        self.assertIn("pip check", " ".join(instructions("RUN")))


@tag("once")
class ComposeTest(SimpleTestCase):
    def services(self) -> dict[str, dict[str, object]]:
        services: dict[str, dict[str, object]] = yaml.safe_load(COMPOSE.read_text())["services"]
        return services

    def test_all_required_services_are_defined_and_each_has_a_health_check(self) -> None:
        services = self.services()
        self.assertEqual(set(services), {"django", "worker", "migrate", "postgres", "redis", "nginx"})
        # The site uses the health check of its image. The migrate service ends by itself and disables the check.
        checked = {name for name, service in services.items() if "healthcheck" in service}
        self.assertEqual(checked, set(services) - {"django"})

    def test_site_worker_and_nginx_share_one_data_volume(self) -> None:
        services = self.services()
        for name, mode in (("django", ""), ("worker", ""), ("migrate", ""), ("nginx", ":ro")):
            self.assertIn(f"data:/data{mode}", services[name]["volumes"])
        self.assertEqual(set(yaml.safe_load(COMPOSE.read_text())["volumes"]), {"data", "postgres"})

    def test_trusted_proxies_is_set_and_every_variable_is_one_that_the_site_reads(self) -> None:
        variables = self.services()["django"]["environment"]
        assert isinstance(variables, dict)
        self.assertIn("TRUSTED_PROXIES", variables)
        self.assertEqual(set(variables) - set(template_names()) - {"PORT"}, set())


@tag("once", "nginx", "processes")
class ComposeNginxTest(SimpleTestCase):
    def test_compose_nginx_config_loads_and_has_the_same_body_limits_as_the_standard_one(self) -> None:
        compose_config = (TOP / "deploy" / "nginx-compose.conf").read_text()
        limits = re.compile(r"location (~ \S+) \{\s+client_max_body_size (\w+);")
        self.assertEqual(limits.findall(compose_config), limits.findall((TOP / "deploy" / "nginx.conf").read_text()))
        with tempfile.TemporaryDirectory() as folder:
            site = compose_config.replace("listen 80", "listen 127.0.0.1:1").replace(
                "http://django:8000", "http://127.0.0.1:2"
            )
            Path(folder, "site.conf").write_text(site)
            main_config = f"pid {folder}/pid;\nevents {{}}\nhttp {{ access_log off; include {folder}/site.conf; }}\n"
            Path(folder, "nginx.conf").write_text(main_config)
            result = as_root(nginx() or "nginx", "-t", "-q", "-e", "stderr", "-c", f"{folder}/nginx.conf")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
