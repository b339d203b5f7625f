"""A mail server that only logs the recipient of each mail that it accepts."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP

from bench import services


class Taker:
    def __init__(self, log: Path) -> None:
        self.log = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  the name that aiosmtpd calls
        os.write(self.log, "".join(f"{address}\n" for address in envelope.rcpt_tos).encode())
        return "250 Taken"


def serve(port: int, log: Path) -> None:
    async def forever() -> None:
        taker = Taker(log)
        server = await asyncio.get_running_loop().create_server(
            lambda: SMTP(taker, hostname="sink", enable_SMTPUTF8=True), "127.0.0.1", port
        )
        await server.serve_forever()

    asyncio.run(forever())


@contextmanager
def sink(log: Path) -> Iterator[int]:
    """The port that it listens on."""
    port = services.free_port()
    process = get_context("spawn").Process(target=serve, args=(port, log), daemon=True)
    process.start()
    try:
        services.wait_for(port)
        yield port
    finally:
        process.kill()
        process.join()
