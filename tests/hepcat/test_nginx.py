"""The shipped deploy/nginx.conf runs in a real nginx, whose workers run as another user than the site."""

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
MAIN_CONFIG = """
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
    variables = {"ALLOWED_HOSTS": HOST, "FILE_SERVING": "x-accel-redirect", "STATIC_MANIFEST": "False"}
    http_port: ClassVar[int]
    https_port: ClassVar[int]
    startup_output: ClassVar[str]
    film: ClassVar[str]
    cookie: ClassVar[dict[str, str]]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.folder.chmod(0o755)
        cls.manage("migrate")
        # As in docs/operations.md: the folder belongs to nginx's group, and new files in it inherit that group.
        as_root("install", "-d", "-o", str(os.geteuid()), "-g", WORKER, "-m", "2750", str(cls.folder / "private"))
        (cls.folder / "static").mkdir()
        (cls.folder / "media").mkdir()
        (cls.folder / "media" / "hall.txt").write_text("a picture")
        cls.film = cls.manage("shell", "-c", MAKE_FILM % FILM).split()[-1]
        name, value = cls.manage("shell", "-c", LOG_IN).split()[-2:]
        cls.cookie = {name: value}
        cls.start_gunicorn()
        cls.http_port, cls.https_port = free_port(), free_port()
        cls.start_nginx()

    @classmethod
    def start_nginx(cls) -> None:
        cls.make_certificate()
        (cls.folder / "site.conf").write_text(cls.shipped_config())
        (cls.folder / "nginx.conf").write_text(MAIN_CONFIG.format(worker=WORKER, folder=cls.folder))
        command = (nginx() or "nginx", "-p", str(cls.folder), "-c", str(cls.folder / "nginx.conf"))
        cls.startup_output = as_root(*command).stderr
        if (cls.folder / "nginx.pid").exists():
            cls.addClassCleanup(cls.wait_for_nginx_to_stop)
            cls.addClassCleanup(as_root, *command, "-s", "stop")
            wait_for(cls.https_port)

    @classmethod
    def wait_for_nginx_to_stop(cls) -> None:
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
    def shipped_config(cls) -> str:
        """The shipped file with the paths, the ports and the certificate of this test."""
        text = (TOP / "deploy" / "nginx.conf").read_text()
        for old, new in {
            "listen 80;": f"listen 127.0.0.1:{cls.http_port};",
            "listen 443 ssl": f"listen 127.0.0.1:{cls.https_port} ssl",
            "http://127.0.0.1:8000": f"http://127.0.0.1:{cls.port}",
            f"/etc/letsencrypt/live/{HOST}/fullchain.pem": f"{cls.folder}/certificate.pem",
            f"/etc/letsencrypt/live/{HOST}/privkey.pem": f"{cls.folder}/key.pem",
            "/srv/hepcat/web/": f"{cls.folder}/",
        }.items():
            assert old in text, old
            text = text.replace(old, new)
        return text

    def send_request(self, path: str, method: str = "GET", **more: Any) -> requests.Response:
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        headers = {"Host": HOST, "Referer": f"https://{HOST}/"} | more.pop("headers", {})
        address = f"https://127.0.0.1:{self.https_port}{path}"
        return requests.request(
            method, address, headers=headers, verify=False, timeout=60, allow_redirects=False, **more
        )

    def test_shipped_config_loads_without_warnings(self) -> None:
        self.assertEqual(self.startup_output, "")

    def test_workers_run_as_another_user_and_read_private_files_through_their_group(self) -> None:
        video_file = next((self.folder / "private").rglob("*.mp4"))
        self.assertEqual((video_file.stat().st_mode & 0o777, video_file.parent.stat().st_mode & 0o777), (0o640, 0o750))
        self.assertEqual({video_file.group(), video_file.parent.group()}, {WORKER})
        self.send_request("/media/hall.txt")  # A worker that answers has given up the rights that it was started with.
        master = (self.folder / "nginx.pid").read_text().strip()
        processes = subprocess.run(["ps", "-o", "user=", "--ppid", master], capture_output=True, text=True)
        self.assertEqual(set(processes.stdout.split()), {WORKER})

    def test_private_file_is_served_with_ranges_but_only_through_the_site(self) -> None:
        full_response = self.send_request(f"/resource/{self.film}/file", cookies=self.cookie)
        self.assertEqual((full_response.status_code, full_response.content), (200, FILM))
        self.assertEqual(full_response.headers["Content-Type"], "video/mp4")
        partial_response = self.send_request(
            f"/resource/{self.film}/file", cookies=self.cookie, headers={"Range": "bytes=8-11"}
        )
        self.assertEqual((partial_response.status_code, partial_response.content), (206, b"mp42"))
        name = next((self.folder / "private").rglob("*.mp4")).relative_to(self.folder / "private")
        for path in (f"/private-files/{name}", "/private-files/", "/private-files/../private-files/" + str(name)):
            with self.subTest(path):
                self.assertEqual(self.send_request(path, cookies=self.cookie).status_code, 404)

    def test_large_body_is_refused_on_pages_without_uploads(self) -> None:
        for path in ("/contact/", "/", "/user/login/", "/payments/process/stripe/", "/admin/login/", "/teaching/"):
            with self.subTest(path):
                self.assertEqual(self.send_request(path, "POST", data=bytes(60 * MB)).status_code, 413)

    def test_upload_pages_accept_large_files_and_photo_pages_accept_photos(self) -> None:
        """A 403 comes from the site, so nginx has let the body through."""
        for path in (
            reverse("add_resource", args=["class", 1, "video"]),
            reverse("add_resource", args=["subject", 1, "file"]),
            reverse("edit_resource", args=[self.film]),
            reverse("receive_upload", args=["a-ticket"]),
            reverse("admin:classwork_resource_add"),
            reverse("admin:classwork_resource_change", args=[self.film]),
        ):
            with self.subTest(path):
                self.assertEqual(self.send_request(path, "POST", data=bytes(60 * MB)).status_code, 403)
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
                self.assertEqual(self.send_request(path, "POST", data=bytes(14 * MB)).status_code, 403)
                self.assertEqual(self.send_request(path, "POST", data=bytes(60 * MB)).status_code, 413)

    def test_pages_are_compressed_and_pictures_are_cached_as_immutable(self) -> None:
        page = self.send_request("/", headers={"Accept-Encoding": "gzip"})
        self.assertEqual((page.status_code, page.headers["Content-Encoding"]), (200, "gzip"))
        self.assertIn("School Site", page.text)
        picture = self.send_request("/media/hall.txt")
        self.assertEqual((picture.status_code, picture.text), (200, "a picture"))
        self.assertIn("immutable", picture.headers["Cache-Control"])

    def test_http_is_redirected_to_https_except_for_certificate_challenges(self) -> None:
        for path, status in (("/classes/", 301), ("/.well-known/acme-challenge/none", 404)):
            connection = HTTPConnection("127.0.0.1", self.http_port, timeout=20)
            connection.request("GET", path, headers={"Host": HOST})
            self.assertEqual(connection.getresponse().status, status)
            connection.close()
