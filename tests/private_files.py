"""Where private files go while a test runs: a folder of its own, or a bucket on a server in this process."""

import logging
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, ClassVar

from django.conf import settings
from django.core.files.base import ContentFile
from django.test import TestCase, override_settings
from moto.server import ThreadedMotoServer

from bench.services import free_port, wait_for
from common.files import bucket, private

KEYS = {"access_key": "a-test-key", "secret_key": "a-test-secret"}


def in_folder(folder: str) -> override_settings:
    options = {"location": folder, "file_permissions_mode": 0o640}
    private_files = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}
    return override_settings(STORAGES=settings.STORAGES | {"private": private_files})


def in_bucket(address: str) -> override_settings:
    """As settings.py has it with S3=True."""
    options = KEYS | {
        "bucket_name": "school-files",
        "region_name": "us-east-1",
        "endpoint_url": address,
        "default_acl": None,
        "signature_version": "s3v4",
        "addressing_style": "path",
        "file_overwrite": False,
        "querystring_auth": True,
        "querystring_expire": settings.RESOURCE_LINK_SECONDS,
        "location": "private",
    }
    return override_settings(
        STORAGES=settings.STORAGES | {"private": {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}}
    )


@contextmanager
def s3_server() -> Iterator[str]:
    port = free_port()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", port, verbose=False)
    server.start()
    try:
        wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()


class InFolder(TestCase):
    """Mixin: private files lie in a folder that is gone afterwards."""

    def setUp(self) -> None:
        super().setUp()
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        change = in_folder(self.folder)
        change.enable()
        self.addCleanup(change.disable)


class InBucket(TestCase):
    """Mixin: private files lie in a bucket that begins empty."""

    server: ClassVar[str]
    stack: ClassVar[ExitStack]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.stack = ExitStack()
        cls.addClassCleanup(cls.stack.close)
        cls.server = cls.stack.enter_context(s3_server())

    def setUp(self) -> None:
        super().setUp()
        change = in_bucket(self.server)
        change.enable()
        self.addCleanup(change.disable)
        bucket.bucket_client().create_bucket(Bucket="school-files")
        self.addCleanup(self.empty)

    def empty(self) -> None:
        for found in private.files.bucket.objects.all():
            found.delete()


def store(name: str, data: bytes) -> str:
    kept: str = private.files.save(name, ContentFile(data))
    return kept


def stored() -> list[str]:
    """Every private file there is."""
    return sorted(_walk(""))


def _walk(folder: str) -> Iterator[str]:
    folders, names = private.files.listdir(folder) if folder or _exists() else ([], [])
    yield from (folder + name for name in names)
    for inner in folders:
        yield from _walk(f"{folder}{inner}/")


def _exists() -> bool:
    return bucket.is_used() or bool(private.files.exists("."))


def answer(response: Any) -> bytes:
    """What a response brought, streamed or not."""
    return b"".join(response.streaming_content) if response.streaming else response.content
