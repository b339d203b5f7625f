#!/usr/bin/env python3
"""Kills workers with SIGKILL while they send, and counts what a real mail server got.

    .venv/bin/python bench/mail_kill.py [--mails 2000] [--kills 10] [--workers 2] [--postgres] [--celery]

Exit 0 only when nobody got a mail twice, every mail either went out or is listed as perhaps sent, no more are listed
than were killed, and a worker that sends them all does not grow. With --celery, Celery's workers send.
"""

import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import services
from bench.kill_workers import celery_beat, celery_work, own_work
from bench.sink import sink

LEASE = 2
PATIENCE = 600
MOST_GROWTH = 8.0  # MB, from the first quarter of the mails to the end
FORK = get_context("fork")


def main() -> int:
    options = services.options(__doc__, mails=2000, kills=10, workers=2, postgres=False, celery=False)
    with ExitStack() as stack:
        home, database = stack.enter_context(services.database(options.postgres))
        log = home / "taken.log"
        port = stack.enter_context(sink(log))
        more = {"OUTBOX_LEASE": str(LEASE), "MAIL_LEASE": str(LEASE), "EMAIL_URL": f"smtp://127.0.0.1:{port}"}
        work = own_work
        if options.celery:
            redis = services.Redis(home)
            stack.callback(redis.stop)
            work = celery_work
            more |= {"OUTBOX_ENGINE": "celery", "CELERY_BROKER_URL": redis.url, "OUTBOX_BEAT_FILE": str(home / "beat")}
        services.django_over(database, **more)
        if options.celery:
            beat = start(celery_beat)  # it announces again what a killed worker had been told
            stack.callback(beat.kill)
        once = kill_and_count(log, options.mails, options.kills, options.workers, work)
        flat = watch_memory(options.mails, work)
    return 0 if once and flat else 1


def start(work: Callable[[], None]) -> Any:
    from django.db import connections

    connections.close_all()
    process = FORK.Process(target=work, daemon=True)
    process.start()
    return process


def kill_and_count(log: Path, mails: int, kills: int, count: int, work: Callable[[], None]) -> bool:
    from bench.mail import write
    from mailroom.models import Message, MessageState

    write(mails)
    began = time.monotonic()
    workers = [start(work) for _ in range(count)]
    for number in range(kills):
        wait_until(lambda number=number: taken(log).total() >= (number + random.random()) * mails / (kills + 1))
        victim = workers.pop(random.randrange(count))
        os.kill(victim.pid, signal.SIGKILL)
        victim.join()
        workers.append(start(work))
    drained = wait_until(
        lambda: not Message.objects.filter(state__in=[MessageState.QUEUED, MessageState.SENDING]).exists()
    )
    stop(workers)
    return report(log, mails, kills, drained, time.monotonic() - began)


def stop(workers: list[Any]) -> None:
    for process in workers:
        process.kill()
        process.join()


def taken(log: Path) -> "Counter[str]":
    return Counter(log.read_text().splitlines()) if log.exists() else Counter()


def wait_until(done: Any) -> bool:
    """Also gives up for lost what a killed worker held: the job for that runs but once a minute."""
    from mailroom.domain.housekeeping import close_abandoned_sendings

    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if done():
            return True
        close_abandoned_sendings()
        time.sleep(0.02)
    return False


def report(log: Path, mails: int, kills: int, drained: bool, seconds: float) -> bool:
    from mailroom.models import Message, MessageState

    got = taken(log)
    unsure = set(Message.objects.filter(state=MessageState.PERHAPS).values_list("to", flat=True))
    sent = set(Message.objects.filter(state=MessageState.SENT).values_list("to", flat=True))
    twice = sum(number > 1 for number in got.values())
    missing = len(sent - set(got))
    unaccounted = mails - len(sent) - len(unsure)
    print(f"{kills} kills in {seconds:.0f} s; {mails} mails, {got.total()} taken by the server")
    print(f"  sent twice to anybody: {twice}")
    print(f"  marked as sent and never taken: {missing}; neither sent nor listed: {unaccounted}")
    print(f"  perhaps sent: {len(unsure)}, of which the server has {len(unsure & set(got))}")
    return drained and not twice and not missing and not unaccounted and len(unsure) <= kills


# -- memory ----------------------------------------------------------------------------------------------------------


def watch_memory(mails: int, work: Callable[[], None]) -> bool:
    """One worker sends as many again; what it holds is looked at after a quarter, when all is warm, and at the end."""
    from bench.mail import write
    from mailroom.models import Message, MessageState

    write(mails)
    worker = start(work)

    def left(part: float) -> bool:
        return Message.objects.exclude(state=MessageState.SENT).count() <= mails * part

    wait_until(lambda: left(0.75))
    warm = resident(worker.pid)
    drained = wait_until(lambda: left(0))
    end = resident(worker.pid)
    stop([worker])
    print(f"  memory of a worker: {warm:.1f} MB after a quarter of {mails} mails, {end:.1f} MB after all")
    return drained and end - warm <= MOST_GROWTH


def resident(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    sys.exit(main())
