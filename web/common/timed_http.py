"""HTTP sessions with a time limit for the whole response.

The timeout of `requests` applies to each read from the socket, so a server that sends a byte a second never exceeds it.
"""

import io
import socket
import time
from http.client import HTTPResponse
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

from common.network import seconds_left

ANSWER_SECONDS = 60.0
"""This limit applies to work in the background, where no visitor is waiting."""


class TimedReader(io.RawIOBase):
    """Each read from the socket gets the time that is left for the whole response."""

    def __init__(self, sock: socket.socket, raw: io.RawIOBase) -> None:
        self.sock, self.raw = sock, raw
        self.deadline = time.monotonic() + seconds_left(ANSWER_SECONDS)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("The response took too long.")
        self.sock.settimeout(min(left, self.sock.gettimeout() or left))
        return self.raw.readinto(buffer)

    def close(self) -> None:
        self.raw.close()
        super().close()


class TimedResponse(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        raw = self.fp.detach()
        self.fp = io.BufferedReader(TimedReader(sock, raw))


class PlainConnection(HTTPConnection):
    response_class = TimedResponse


class SecureConnection(HTTPSConnection):
    response_class = TimedResponse


class PlainPool(HTTPConnectionPool):
    ConnectionCls = PlainConnection


class SecurePool(HTTPSConnectionPool):
    ConnectionCls = SecureConnection


class TimedAdapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        use_timed_pools(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        use_timed_pools(manager)
        return manager


def use_timed_pools(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}


def timed_session() -> requests.Session:
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, TimedAdapter())
    return session
