#!/usr/bin/env python3
"""Kills workers with SIGKILL at random moments under load, and counts what became of every delivery.

    .venv/bin/python bench/kill_workers.py [--kills 200] [--postgres] [--celery]

Exit 0 only when every delivery was done, every transactional effect happened exactly once, every effect outside at
least once, and no delivery was run by two workers while its lease held. The control, without leases, must show that
two workers do run one delivery then. With --celery the broker loses everything and restarts half-way.
"""

import os
import random
import signal
import sys
import threading
import time
import warnings
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import services

WORKERS = 3
BACKLOG = 150
LEASE = 2
PATIENCE = 240
FORK = get_context("fork")


def main() -> int:
    options = services.options(__doc__, kills=200, postgres=False, celery=False)
    with ExitStack() as stack:
        home, database = stack.enter_context(services.database(options.postgres))
        more = {"OUTBOX_LEASE": str(LEASE), "BENCH_LOG": str(home / "outside.log")}
        redis = None
        if options.celery:
            redis = services.Redis(home)
            stack.callback(redis.stop)
            more |= {"OUTBOX_ENGINE": "celery", "CELERY_BROKER_URL": redis.url, "OUTBOX_BEAT_FILE": str(home / "beat")}
        services.django_over(database, **more)
        run = Run(celery_work if redis else own_work, [celery_beat] if redis else [])
        whole = run.kill_and_count(options.kills, redis.flush_and_restart if redis else None)
        shown = control(home)
    return 0 if whole and shown else 1


# -- what the workers do: forks of this process, so that a killed one is replaced at once ----------------------------


def own_work() -> None:
    from outbox.domain.worker_loop import WorkerLoop

    WorkerLoop().run()


def celery_work() -> None:
    import kombu.pools

    from hepcat.celery import app

    kombu.pools.reset()  # a fork must not speak through its parent's connections
    warnings.simplefilter("ignore")
    quiet = "--pool=solo --without-mingle --without-gossip --without-heartbeat --loglevel CRITICAL"
    app.start(["--quiet", "worker", "--hostname", f"w{os.getpid()}@bench", *quiet.split()])


def celery_beat() -> None:
    from hepcat.celery import app

    for entry in app.conf.beat_schedule.values():
        entry["schedule"] = 1
    app.start(["--quiet", "beat", "--loglevel", "CRITICAL", "--schedule", os.environ["OUTBOX_BEAT_FILE"]])


class Run:
    def __init__(self, work: Callable[[], None], others: list[Callable[[], None]]) -> None:
        self.work, self.emitted = work, 0
        self.killed: dict[int, float] = {}
        self.workers = [self.start(work) for _ in range(WORKERS)]
        self.others = [self.start(other) for other in others]

    def start(self, work: Callable[[], None]) -> Any:
        from django.db import connections

        connections.close_all()
        process = FORK.Process(target=work, daemon=True)
        process.start()
        return process

    def kill_and_count(self, kills: int, mishap: Callable[[], None] | None) -> bool:
        began = time.monotonic()
        slow = 8 if mishap else 1  # Celery takes longer to start
        while len(self.killed) < kills:
            self.feed()
            time.sleep(random.uniform(0.01, 0.15) * slow)
            self.kill()
            if mishap and len(self.killed) in (kills // 3, 2 * kills // 3):
                threading.Thread(target=mishap).start()
        drained = self.drain()
        for process in [*self.workers, *self.others]:
            process.kill()
            process.join()
        return report(self, drained, time.monotonic() - began)

    def feed(self) -> None:
        from django.db import transaction

        from bench.load import events
        from outbox.domain import emit
        from outbox.models import Delivery

        while Delivery.objects.filter(due_at__isnull=False).count() < BACKLOG:
            with transaction.atomic():
                for _ in range(10):
                    self.emitted += 1
                    emit(events.LOADED, key=str(self.emitted), number=self.emitted)

    def kill(self) -> None:
        place = random.randrange(WORKERS)
        victim = self.workers[place]
        os.kill(victim.pid, signal.SIGKILL)
        victim.join()
        self.killed[victim.pid] = time.monotonic()
        self.workers[place] = self.start(self.work)

    def drain(self) -> bool:
        from outbox.models import Delivery

        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if not Delivery.objects.filter(due_at__isnull=False).exists():
                return True
            time.sleep(0.2)
        return False


# -- counting --------------------------------------------------------------------------------------------------------


def report(run: Run, drained: bool, seconds: float) -> bool:
    from django.db.models import Count

    from history.models import Entry
    from outbox.models import Attempt, Delivery, DeliveryState, Event

    deliveries = Delivery.objects.count()
    undone = Delivery.objects.exclude(state=DeliveryState.DONE).count()
    counted = dict(Entry.objects.values_list("subject_id").annotate(Count("pk")))
    missing = 2 * run.emitted - Event.objects.count()
    lost_effects = Event.objects.count() - len(counted)
    doubled = sum(number > 1 for number in counted.values())
    calls = outside_calls(Path(os.environ["BENCH_LOG"]), run.killed)
    never_called = run.emitted - len(calls)
    again = sum(len(runs) - 1 for runs in calls.values())
    together = overlaps(calls)
    lost = Attempt.objects.filter(outcome=Attempt.Outcome.LOST).count()
    print(f"{len(run.killed)} kills in {seconds:.0f} s; {run.emitted} events emitted, {deliveries} deliveries")
    print(f"  taken up again after their worker was killed: {lost}")
    print(f"  deliveries not done: {undone}" + ("" if drained else " (the queue did not run empty)"))
    print(f"  events missing: {missing}")
    print(f"  transactional effects lost: {lost_effects}, doubled: {doubled}")
    print(f"  outside calls never made: {never_called}, made again after a kill: {again}")
    print(f"  run by two workers at once: {together}")
    return drained and not any((undone, missing, lost_effects, doubled, never_called, together))


def outside_calls(log: Path, killed: dict[int, float]) -> dict[int, list[tuple[float, float]]]:
    """For each event when it was called and until when; a killed worker's call ended with the worker."""
    calls: dict[int, list[tuple[float, float]]] = defaultdict(list)
    begun: dict[tuple[int, int], float] = {}
    for line in log.read_text().splitlines():
        word, pk, pid, at = line.split()
        place = int(pk), int(pid)
        if word == "begin":
            begun[place] = float(at)
        else:
            calls[place[0]].append((begun.pop(place), float(at)))
    for (pk, pid), at in begun.items():
        calls[pk].append((at, killed.get(pid, at)))
    return calls


def overlaps(calls: dict[int, list[tuple[float, float]]]) -> int:
    return sum(
        later[0] < earlier[1]
        for runs in calls.values()
        for earlier, later in zip(sorted(runs), sorted(runs)[1:], strict=False)
    )


def control(home: Path) -> bool:
    """The same queue without leases: then two workers must be seen at one delivery."""
    from django.test import override_settings

    log = home / "control.log"
    os.environ["BENCH_LOG"] = str(log)
    with override_settings(OUTBOX_LEASE=0, OUTBOX_ENGINE="worker"):
        run = Run(own_work, [])
        until = time.monotonic() + 20
        together = 0
        while not together and time.monotonic() < until:
            run.feed()
            time.sleep(0.5)
            together = overlaps(outside_calls(log, {})) if log.exists() else 0
        for process in run.workers:
            process.kill()
            process.join()
    print(f"Control without leases: {together} deliveries run by two workers at once" + ("" if together else "?!"))
    return together > 0


if __name__ == "__main__":
    sys.exit(main())
