#!/usr/bin/env python3
"""How fast deliveries are, against what the database and Celery can do at best, measured side by side.

    .venv/bin/python bench/outbox.py [--rows 2000] [--rounds 5] [--postgres] [--celery]

Exit 0 when the worker makes at least half as many deliveries a second as a bare loop that updates one row and commits,
and the Celery engine at least 0.4 of Celery's own no-op tasks. The rounds alternate; the median ratio counts, so that
a busy machine spoils no single side.
"""

import statistics
import sys
import time
import warnings
from collections.abc import Callable
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import services

FORK = get_context("fork")
LEAST_WORKER, LEAST_CELERY = 0.5, 0.4


def main() -> int:
    options = services.options(__doc__, rows=2000, rounds=5, postgres=False, celery=False)
    with ExitStack() as stack:
        home, database = stack.enter_context(services.database(options.postgres))
        more = {}
        if options.celery:
            redis = services.Redis(home)
            stack.callback(redis.stop)
            more = {"OUTBOX_ENGINE": "celery", "CELERY_BROKER_URL": redis.url}
        services.django_over(database, **more)
        return 0 if (celery_rounds if options.celery else worker_rounds)(options.rows, options.rounds) else 1


def rate(work: Callable[[], int]) -> float:
    began = time.monotonic()
    return work() / (time.monotonic() - began)


# -- the worker ------------------------------------------------------------------------------------------------------


def worker_rounds(rows: int, rounds: int) -> bool:
    from bench.load import events

    found = []
    for _ in range(rounds):
        ids = fill(rows, events.IDLE)
        bare = rate(lambda ids=ids: update_each(ids))
        fill(rows, events.IDLE)
        usual = rate(run_dry)
        fill(rows, events.IDLE_OUTSIDE)
        outside = rate(run_dry)
        found.append((bare, usual, outside))
        print(f"  update and commit {bare:.0f}/s, deliveries {usual:.0f}/s, outside a transaction {outside:.0f}/s")
    ratio = statistics.median(usual / bare for bare, usual, _ in found)
    alone = statistics.median(outside / bare for bare, _, outside in found)
    print(f"worker: {ratio:.2f} of the bare loop, {alone:.2f} outside a transaction; at least {LEAST_WORKER} each")
    return min(ratio, alone) >= LEAST_WORKER


def fill(rows: int, event_type: object) -> list[int]:
    """Fresh deliveries, all due; what earlier rounds left is gone."""
    from django.db import transaction

    from outbox.domain import emit
    from outbox.models import Delivery, Event

    with transaction.atomic():
        Event.objects.all().delete()
        for number in range(rows):
            emit(event_type, key=str(number), number=number)
    return list(Delivery.objects.values_list("pk", flat=True))


def update_each(ids: list[int]) -> int:
    """The least that a queue written with Django does for each piece of work: mark its row, commit."""
    from django.db import transaction
    from django.utils import timezone

    from outbox.models import Delivery, DeliveryState

    for pk in ids:
        with transaction.atomic():
            Delivery.objects.filter(pk=pk).update(state=DeliveryState.DONE, due_at=None, ended_at=timezone.now())
    return len(ids)


def run_dry() -> int:
    """What a worker's loop does until nothing is left."""
    from outbox.domain.claims import claim_deliveries
    from outbox.domain.deliveries import deliver_batch

    total = 0
    while ended := deliver_batch(claim_deliveries()):
        total += ended
    return total


# -- Celery ----------------------------------------------------------------------------------------------------------


def celery_rounds(rows: int, rounds: int) -> bool:
    from hepcat.celery import app

    app.task(name="bench.nothing", acks_late=True, ignore_result=True)(nothing)
    found = []
    for _ in range(rounds):
        bare, ours = no_op_tasks(rows), deliveries(rows)
        found.append(ours / bare)
        print(f"  no-op tasks {bare:.0f}/s, deliveries {ours:.0f}/s")
    ratio = statistics.median(found)
    print(f"celery: {ratio:.2f} of Celery's own no-op; at least {LEAST_CELERY}")
    return ratio >= LEAST_CELERY


def nothing(number: int) -> None:
    pass


def celery_work() -> None:
    import kombu.pools

    from hepcat.celery import app

    kombu.pools.reset()
    warnings.simplefilter("ignore")
    app.start(["--quiet", "worker", "--pool", "solo", "--without-mingle", "--without-gossip", "--loglevel", "CRITICAL"])


def timed(count: int, left: Callable[[], int]) -> float:
    """Work done a second by a worker that finds the queue full, from its first sign of life to the end."""
    from django.db import connections

    connections.close_all()
    process = FORK.Process(target=celery_work, daemon=True)
    process.start()
    try:
        while left() == count:
            time.sleep(0.001)
        began, at_start = time.monotonic(), left()
        while left():
            time.sleep(0.002)
        return at_start / (time.monotonic() - began)
    finally:
        process.terminate()
        process.join()


def no_op_tasks(rows: int) -> float:
    from hepcat.celery import app

    for number in range(rows):
        app.send_task("bench.nothing", args=[number])
    with app.connection_for_read() as line:
        client = line.default_channel.client
        return timed(rows, lambda: client.llen("celery") + client.hlen("unacked"))


def deliveries(rows: int) -> float:
    from bench.load import events
    from outbox.models import Delivery

    fill(rows, events.IDLE)
    return timed(rows, lambda: Delivery.objects.filter(due_at__isnull=False).count())


if __name__ == "__main__":
    sys.exit(main())
