"""The shipped deploy/nginx.conf in a real nginx, whose workers are another user than the site's."""

import os
import subprocess
import time
from http.client import HTTPConnection
from typing import Any, ClassVar

import requests
import urllib3
from django.test import tag
from django.urls import reverse

from bench.services import free_port, wait_for
from tests.hepcat.production import LOG_IN, TOP, ProductionCase, as_root
from tests.services import nginx

HOST = "www.example.org"
MB = 1024 * 1024
WORKER = "www-data"  # Debian's user for web servers
FILM = b"\x00\x00\x00\x18ftypmp42" + bytes(range(256)) * 4
AROUND = """
user {worker};
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{}}
http {{
    include /etc/nginx/mime.types;
    access_log off;
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/answers;
    include {folder}/site.conf;
}}
"""
MAKE_FILM = """
from django.core.files.base import ContentFile
from classwork.models import Resource
film = Resource(title="Sugar push", kind="video", audience="public", when="sign_up", manager_approved=True)
film.file.save("turn.mp4", ContentFile(%r))
print(film.pk)
"""


@tag("once", "nginx")
class NginxTest(ProductionCase):
    variables = {"ALLOWED_HOSTS": HOST, "HAND_OVER_BY": "x-accel-redirect", "STATIC_MANIFEST": "False"}
    plain: ClassVar[int]
    secure: ClassVar[int]
    said: ClassVar[str]
    film: ClassVar[str]
    cookie: ClassVar[dict[str, str]]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.folder.chmod(0o755)
        cls.manage("migrate")
        # As docs/operations.md says: the folder belongs to nginx's group, and what is made in it inherits that.
        as_root("install", "-d", "-o", str(os.geteuid()), "-g", WORKER, "-m", "2750", str(cls.folder / "private"))
        (cls.folder / "static").mkdir()
        (cls.folder / "media").mkdir()
        (cls.folder / "media" / "hall.txt").write_text("a picture")
        cls.film = cls.manage("shell", "-c", MAKE_FILM % FILM).split()[-1]
        name, value = cls.manage("shell", "-c", LOG_IN).split()[-2:]
        cls.cookie = {name: value}
        cls.start_gunicorn()
        cls.plain, cls.secure = free_port(), free_port()
        cls.start_nginx()

    @classmethod
    def start_nginx(cls) -> None:
        cls.make_certificate()
        (cls.folder / "site.conf").write_text(cls.shipped())
        (cls.folder / "nginx.conf").write_text(AROUND.format(worker=WORKER, folder=cls.folder))
        command = (nginx() or "nginx", "-p", str(cls.folder), "-c", str(cls.folder / "nginx.conf"))
        cls.said = as_root(*command).stderr
        if (cls.folder / "nginx.pid").exists():
            cls.addClassCleanup(cls.wait_for_its_end)
            cls.addClassCleanup(as_root, *command, "-s", "stop")
            wait_for(cls.secure)

    @classmethod
    def wait_for_its_end(cls) -> None:
        for _ in range(100):
            if not (cls.folder / "nginx.pid").exists():
                return
            time.sleep(0.1)

    @classmethod
    def make_certificate(cls) -> None:
        subject = ("-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}")
        files = ("-keyout", str(cls.folder / "key.pem"), "-out", str(cls.folder / "certificate.pem"))
        command = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject, *files)
        subprocess.run(command, check=True, capture_output=True)

    @classmethod
    def shipped(cls) -> str:
        """The file as it is shipped, but for the places, the ports and the certificate."""
        text = (TOP / "deploy" / "nginx.conf").read_text()
        for old, new in {
            "listen 80;": f"listen 127.0.0.1:{cls.plain};",
            "listen 443 ssl": f"listen 127.0.0.1:{cls.secure} ssl",
            "http://127.0.0.1:8000": f"http://127.0.0.1:{cls.port}",
            f"/etc/letsencrypt/live/{HOST}/fullchain.pem": f"{cls.folder}/certificate.pem",
            f"/etc/letsencrypt/live/{HOST}/privkey.pem": f"{cls.folder}/key.pem",
            "/srv/hepcat/web/": f"{cls.folder}/",
        }.items():
            assert old in text, old
            text = text.replace(old, new)
        return text

    def ask(self, path: str, method: str = "GET", **more: Any) -> requests.Response:
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        headers = {"Host": HOST, "Referer": f"https://{HOST}/"} | more.pop("headers", {})
        address = f"https://127.0.0.1:{self.secure}{path}"
        return requests.request(
            method, address, headers=headers, verify=False, timeout=60, allow_redirects=False, **more
        )

    def test_it_loads_without_a_word(self) -> None:
        self.assertEqual(self.said, "")

    def test_its_workers_are_another_user_who_reads_private_files_by_their_group_alone(self) -> None:
        kept = next((self.folder / "private").rglob("*.mp4"))
        self.assertEqual((kept.stat().st_mode & 0o777, kept.parent.stat().st_mode & 0o777), (0o640, 0o750))
        self.assertEqual({kept.group(), kept.parent.group()}, {WORKER})
        master = (self.folder / "nginx.pid").read_text().strip()
        listed = subprocess.run(["ps", "-o", "user=", "--ppid", master], capture_output=True, text=True)
        self.assertEqual(set(listed.stdout.split()), {WORKER})

    def test_a_private_file_comes_from_nginx_with_ranges_and_only_by_the_sites_word(self) -> None:
        whole = self.ask(f"/resource/{self.film}/file", cookies=self.cookie)
        self.assertEqual((whole.status_code, whole.content), (200, FILM))
        self.assertEqual(whole.headers["Content-Type"], "video/mp4")
        part = self.ask(f"/resource/{self.film}/file", cookies=self.cookie, headers={"Range": "bytes=8-11"})
        self.assertEqual((part.status_code, part.content), (206, b"mp42"))
        name = next((self.folder / "private").rglob("*.mp4")).relative_to(self.folder / "private")
        for path in (f"/private-files/{name}", "/private-files/", "/private-files/../private-files/" + str(name)):
            with self.subTest(path):
                self.assertEqual(self.ask(path, cookies=self.cookie).status_code, 404)

    def test_a_large_body_is_refused_wherever_nothing_is_uploaded(self) -> None:
        for path in ("/contact/", "/", "/user/login/", "/payments/process/stripe/", "/admin/login/", "/teaching/"):
            with self.subTest(path):
                self.assertEqual(self.ask(path, "POST", data=bytes(60 * MB)).status_code, 413)

    def test_large_files_may_go_to_the_addresses_that_take_them_and_photographs_to_theirs(self) -> None:
        """The site answers, so nginx has let them through."""
        for path in (
            reverse("add_resource", args=["class", 1, "video"]),
            reverse("add_resource", args=["subject", 1, "file"]),
            reverse("edit_resource", args=[self.film]),
            reverse("receive_upload", args=["a-ticket"]),
            reverse("admin:classwork_resource_add"),
            reverse("admin:classwork_resource_change", args=[self.film]),
        ):
            with self.subTest(path):
                self.assertEqual(self.ask(path, "POST", data=bytes(60 * MB)).status_code, 403)
        for path in (
            reverse("staff_update"),
            reverse("propose_subject"),
            reverse("edit_proposal", args=[1]),
            reverse("admin:classwork_subject_change", args=[1]),
            reverse("admin:classwork_location_add"),
            reverse("admin:users_staff_add"),
            reverse("admin:users_staff_change", args=[1]),
        ):
            with self.subTest(path):
                self.assertEqual(self.ask(path, "POST", data=bytes(14 * MB)).status_code, 403)
                self.assertEqual(self.ask(path, "POST", data=bytes(60 * MB)).status_code, 413)

    def test_pages_are_compressed_and_pictures_may_be_kept_for_good(self) -> None:
        page = self.ask("/", headers={"Accept-Encoding": "gzip"})
        self.assertEqual((page.status_code, page.headers["Content-Encoding"]), (200, "gzip"))
        self.assertIn("School Site", page.text)
        picture = self.ask("/media/hall.txt")
        self.assertEqual((picture.status_code, picture.text), (200, "a picture"))
        self.assertIn("immutable", picture.headers["Cache-Control"])

    def test_plain_http_is_sent_to_https_but_for_the_certificates_own_questions(self) -> None:
        for path, status in (("/classes/", 301), ("/.well-known/acme-challenge/none", 404)):
            connection = HTTPConnection("127.0.0.1", self.plain, timeout=20)
            connection.request("GET", path, headers={"Host": HOST})
            self.assertEqual(connection.getresponse().status, status)
            connection.close()
