"""The features of a bucket that a folder lacks: signed links, direct uploads from browsers, and reads of a part."""

import io
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError
from django.core.files.storage import default_storage

from common.files import private

BUFFER_SIZE = 256 * 1024
PRECONDITION_FAILED = 412


class UploadChanged(Exception):
    """The file in the bucket was replaced after it was checked."""


def is_used() -> bool:
    return hasattr(private.files, "bucket")


def bucket_key(name: str) -> str:
    # The storage keeps its files in a folder of the bucket.
    text: str = private.files._normalize_name(name)
    return text


def bucket_client() -> Any:
    return private.files.connection.meta.client


def signed_link(name: str, *, headers: Mapping[str, str], seconds: int, method: str) -> str:
    """The headers of the response are part of the signature, so nobody can change how browsers treat the file."""
    parameters = {f"Response{name.replace('-', '')}": value for name, value in headers.items()}
    url: str = private.files.url(name, parameters=parameters, expire=seconds, http_method=method)
    return url


def upload_form(name: str, *, mime: str, max_size: int, seconds: int) -> dict[str, Any]:
    """The URL and the fields of a form with which a browser can send one file of this type and of at most this size."""
    fields = {"Content-Type": mime, "success_action_status": "204"}
    conditions: list[Any] = [{name: value} for name, value in fields.items()]
    conditions.append(["content-length-range", 1, max_size])
    post: dict[str, Any] = bucket_client().generate_presigned_post(
        private.files.bucket_name, bucket_key(name), Fields=fields, Conditions=conditions, ExpiresIn=seconds
    )
    return post


def copy_object(source: str, target: str, *, mime: str, etag: str) -> None:
    """Copy the file only if it still has this ETag. A browser can upload again until its form expires."""
    bucket = private.files.bucket_name
    origin = {"Bucket": bucket, "Key": bucket_key(source)}
    options = {"ContentType": mime, "MetadataDirective": "REPLACE", "CopySourceIfMatch": etag}
    try:
        bucket_client().copy(origin, bucket, bucket_key(target), ExtraArgs=options)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == PRECONDITION_FAILED:
            raise UploadChanged from error
        raise


def object_etag(name: str) -> str:
    head = bucket_client().head_object(Bucket=private.files.bucket_name, Key=bucket_key(name))
    return str(head["ETag"])


def bucket_hosts() -> list[str]:
    # Public pictures and private files can be on different hosts.
    if not is_used():
        return []
    links = (default_storage.url("any"), signed_link("any", headers={}, seconds=1, method="GET"))
    return sorted({f"{parts.scheme}://{parts.netloc}" for parts in map(urlsplit, links) if parts.netloc})


class BucketReader(io.RawIOBase):
    """This reader fetches only the requested parts of a file, because most checks need just its beginning."""

    def __init__(self, name: str) -> None:
        self.key, self.size, self.position = bucket_key(name), private.files.size(name), 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self.position, io.SEEK_END: self.size}[whence]
        self.position = max(start + offset, 0)
        return self.position

    def readinto(self, buffer: Any) -> int:
        last = min(self.position + len(buffer), self.size) - 1
        if last < self.position:
            return 0
        byte_range = f"bytes={self.position}-{last}"
        response = bucket_client().get_object(Bucket=private.files.bucket_name, Key=self.key, Range=byte_range)
        data = response["Body"].read()
        buffer[: len(data)] = data
        self.position += len(data)
        return len(data)


def open_object(name: str) -> io.BufferedReader:
    return io.BufferedReader(BucketReader(name), BUFFER_SIZE)
