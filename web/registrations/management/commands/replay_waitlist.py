"""Replays the waitlist log and reports every walk with a different result.

manage.py replay_queue replays the whole log, and --offer 12 only one class. With --busy-evening it first simulates an
evening with 500 people in three classes and rolls that back.
"""

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from registrations.domain import registration_window, capacity
from classwork.domain.places.waiting import evening
from registrations.rules import walk_log
from classwork.models import ClassOffer
from registrations.models import Walk
from users.models import User

CLASSES = 3


class Command(BaseCommand):
    help = "Replays the log of the waitlists. Exits with 1 when a result differs from the log."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--offer", type=int)
        parser.add_argument("--busy-evening", action="store_true")
        parser.add_argument("--people", type=int, default=500)
        parser.add_argument("--seed", type=int, default=7)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["busy_evening"]:
            with transaction.atomic():
                self.replay(self.play(options["people"], options["seed"]))
                transaction.set_rollback(True)
            return
        walks = Walk.objects.order_by("id")
        self.replay(walks.filter(offer=options["offer"]) if options["offer"] else walks)

    def play(self, people: int, seed: int) -> QuerySet[Walk]:
        offers = [offer for offer in registration_window.open_classes(timezone.now()) if offer.capacity][:CLASSES]
        if len(offers) < CLASSES:
            raise CommandError("It takes three open classes with a capacity; `manage.py demo_school` makes some.")
        host = User.objects.create(email="host@evening.invalid", first_name="Host")
        before = Walk.objects.order_by("-id").values_list("id", flat=True).first() or 0
        evening.simulate_evening(offers, people, seed, host)
        for offer in ClassOffer.objects.for_lists().filter(pk__in=[each.pk for each in offers]):
            room_state = capacity.availability_of(offer, timezone.now())
            self.stdout.write(
                f"{offer}: {room_state.spots_taken} of {room_state.capacity} spots, {room_state.waiting} still waiting"
            )
            if room_state.capacity is not None and room_state.spots_taken > room_state.capacity:
                raise CommandError("More spots were filled than exist.")
        return Walk.objects.filter(pk__gt=before, offer__in=offers).order_by("id")

    def replay(self, walks: QuerySet[Walk]) -> None:
        wrong = list(self.differing(walks))
        self.stdout.write(f"{walks.count()} walks replayed, {len(wrong)} differ.")
        if wrong:
            raise CommandError(f"Not as logged: {', '.join(map(str, wrong[:20]))}")

    def differing(self, walks: QuerySet[Walk]) -> Iterator[int]:
        for walk in walks.iterator():
            if not walk_log.replay_matches(walk.given, walk.steps):
                yield walk.pk
