"""What a bucket can do that a folder cannot: signed links, uploads past the site, reading from the middle."""

import io
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError
from django.core.files.storage import default_storage

from common.files import private

PIECE = 256 * 1024
PRECONDITION_FAILED = 412


class Changed(Exception):
    """Something else lies there than what was looked at."""


def is_used() -> bool:
    return hasattr(private.files, "bucket")


def key(name: str) -> str:
    """The name as the bucket knows it: the storage keeps its files under a folder of their own."""
    text: str = private.files._normalize_name(name)
    return text


def client() -> Any:
    return private.files.connection.meta.client


def link(name: str, *, headers: Mapping[str, str], seconds: int, method: str) -> str:
    """What the answer will say of the file is part of the signature, so nobody can have it shown as something else."""
    said = {f"Response{name.replace('-', '')}": value for name, value in headers.items()}
    address: str = private.files.url(name, parameters=said, expire=seconds, http_method=method)
    return address


def form(name: str, *, mime: str, most: int, seconds: int) -> dict[str, Any]:
    """An address and the fields of a form by which a browser can send one file of this type, and not a larger one."""
    fields = {"Content-Type": mime, "success_action_status": "204"}
    conditions: list[Any] = [{name: value} for name, value in fields.items()]
    conditions.append(["content-length-range", 1, most])
    made: dict[str, Any] = client().generate_presigned_post(
        private.files.bucket_name, key(name), Fields=fields, Conditions=conditions, ExpiresIn=seconds
    )
    return made


def copy(source: str, target: str, *, mime: str, etag: str) -> None:
    """Only the very bytes that were looked at: whoever still holds the form could send others meanwhile."""
    bucket = private.files.bucket_name
    origin = {"Bucket": bucket, "Key": key(source)}
    more = {"ContentType": mime, "MetadataDirective": "REPLACE", "CopySourceIfMatch": etag}
    try:
        client().copy(origin, bucket, key(target), ExtraArgs=more)
    except ClientError as wrong:
        if wrong.response["ResponseMetadata"]["HTTPStatusCode"] == PRECONDITION_FAILED:
            raise Changed from wrong
        raise


def etag(name: str) -> str:
    found = client().head_object(Bucket=private.files.bucket_name, Key=key(name))
    return str(found["ETag"])


def hosts() -> list[str]:
    """Where browsers are sent for public pictures and private files; nowhere when all lies with us."""
    if not is_used():
        return []
    links = (default_storage.url("any"), link("any", headers={}, seconds=1, method="GET"))
    found = [f"{parts.scheme}://{parts.netloc}" for parts in map(urlsplit, links) if parts.netloc]
    return sorted(set(found))


class Ranged(io.RawIOBase):
    """A file in the bucket that is fetched in the pieces that are read, for most only look at its beginning."""

    def __init__(self, name: str) -> None:
        self.key, self.size, self.at = key(name), private.files.size(name), 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self.at, io.SEEK_END: self.size}[whence]
        self.at = max(start + offset, 0)
        return self.at

    def readinto(self, buffer: Any) -> int:
        last = min(self.at + len(buffer), self.size) - 1
        if last < self.at:
            return 0
        got = client().get_object(Bucket=private.files.bucket_name, Key=self.key, Range=f"bytes={self.at}-{last}")
        data = got["Body"].read()
        buffer[: len(data)] = data
        self.at += len(data)
        return len(data)


def opened(name: str) -> io.BufferedReader:
    return io.BufferedReader(Ranged(name), PIECE)
