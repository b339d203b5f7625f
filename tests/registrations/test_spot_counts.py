"""The statement that counts spots gives what a loop over all rows gives."""

from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from billing.models import Order
from classwork.models import ClassOffer, Meeting, RoleBalance
from registrations.domain import capacity
from registrations.domain.capacity import Availability
from registrations.domain.spot_counts import BalanceRule, SpotCounts, count_spots
from registrations.models import Registration, WaitlistEntry
from registrations.rules.role_balance import RoleCapacity
from tests import factories
from users.models import Student

State = Registration.State
ROLES = ("lead", "follow")


def count_by_hand(class_offer: ClassOffer, at: datetime, without: set[int]) -> SpotCounts:
    counts = SpotCounts()
    for role in class_offer.roles.order_by("pk"):
        counts.roles.append(RoleCapacity(role.name, role.capacity))
    for balance in RoleBalance.objects.filter(class_offer=class_offer):
        counts.balance = BalanceRule(balance.most_apart, balance.ratio, balance.active_from)
    for registration in Registration.objects.filter(class_offer=class_offer).exclude(pk__in=without):
        if registration.takes_a_spot(at):
            add_by_hand(counts, registration, at)
    for entry in WaitlistEntry.objects.filter(class_offer=class_offer):
        if entry.has_open_offer(at):
            counts.taken.update(entry.offered_roles)
        counts.waiting += entry.state == WaitlistEntry.State.WAITING
        counts.on_waitlist += entry.is_live
    return counts


def add_by_hand(counts: SpotCounts, registration: Registration, at: datetime) -> None:
    meeting = registration.meeting
    if meeting is None:
        counts.taken[registration.role] += 1
    elif meeting.starts_at > at and not meeting.is_canceled:
        counts.guests.setdefault(meeting.pk, Counter())[registration.role] += 1


class SpotCountTest(TestCase):
    at: datetime
    class_offers: list[ClassOffer]
    orders: list[Order]

    @classmethod
    def setUpTestData(cls) -> None:
        cls.at = timezone.now()
        session = factories.create_session("Open")
        cls.class_offers = [
            factories.create_class_offer(session, factories.create_subject(version=version), capacity=6, class_day=day)
            for day, version in enumerate("ABC")
        ]
        for number, name in enumerate(reversed(ROLES)):
            cls.class_offers[1].roles.create(name=name, capacity=number * 3 or None)
        RoleBalance.objects.create(class_offer=cls.class_offers[1], most_apart=2, ratio=Decimal("1.5"), active_from=3)
        for class_offer in cls.class_offers:
            meetings = list(class_offer.meetings.order_by("starts_at"))
            for meeting, starts_at in zip(meetings, (cls.at - timedelta(hours=2), cls.at), strict=False):
                Meeting.objects.filter(pk=meeting.pk).update(
                    starts_at=starts_at, ends_at=starts_at + timedelta(hours=1)
                )
            Meeting.objects.filter(pk=meetings[-1].pk).update(canceled_at=cls.at)
        deadlines = [cls.at + number * timedelta(microseconds=1) for number in (-1, 0, 1)]
        cls.orders = [
            Order.objects.create(
                payer_email="pat@example.org",
                currency="USD",
                state=state,
                due_kind="door",
                placed_at=cls.at,
                held_until=deadline,
            )
            for state in ("placed", "expired")
            for deadline in (None, *deadlines)
        ]

    @given(st.integers(0, 2**32))
    @settings(max_examples=25, deadline=None)
    def test_statement_counts_what_a_loop_counts(self, seed: int) -> None:
        dice = Random(seed)
        for _ in range(dice.randint(0, 25)):
            self.add_registration(dice)
        for _ in range(dice.randint(0, 8)):
            self.add_entry(dice)
        without = {pk for pk in Registration.objects.values_list("pk", flat=True) if dice.random() < 0.1}
        with self.assertNumQueries(1):
            counted = count_spots([each.pk for each in self.class_offers], self.at, without=without)
        for class_offer in self.class_offers:
            self.assertEqual(counted[class_offer.pk], count_by_hand(class_offer, self.at, without))

    def add_registration(self, dice: Random) -> None:
        class_offer = dice.choice(self.class_offers)
        meeting = dice.choice([None, None, *class_offer.meetings.all()])
        state = dice.choice(State.values)
        line = dice.choice(self.orders).lines.create(kind="class", product_id=1, part_id=1 if meeting else None)
        Registration.objects.create(
            student=Student.objects.create(first_name="Ann", last_name="Lee"),
            class_offer=class_offer,
            meeting=meeting,
            line=line if meeting else dice.choice([line, None]),
            role=dice.choice(ROLES) if class_offer == self.class_offers[1] else "",
            state=state,
            confirmed_at=self.at,
            ended_at=None if state in Registration.LIVE else self.at,
        )

    def add_entry(self, dice: Random) -> None:
        class_offer, state = dice.choice(self.class_offers), dice.choice(WaitlistEntry.State.values)
        size = dice.choice([1, 2])
        roles = [dice.choice(ROLES) if class_offer == self.class_offers[1] else "" for _ in range(size)]
        is_open = state in WaitlistEntry.LIVE
        WaitlistEntry.objects.create(
            class_offer=class_offer,
            state=state,
            people=[],
            requested_roles=roles,
            offered_roles=roles if state == "offered" else [],
            size=size,
            contact_name="Zoe",
            contact_email="zoe@example.org",
            person_key=f"zoe {dice.random()}",
            position=1,
            offer_expires_at=self.at + dice.choice([-1, 0, 1]) * timedelta(microseconds=1),
            ended_at=None if is_open else self.at,
        )

    def test_no_class_needs_no_query(self) -> None:
        with self.assertNumQueries(0):
            self.assertEqual(count_spots([], self.at), {})

    def test_guests_reduce_the_capacity_of_their_day_and_of_the_class(self) -> None:
        class_offer = self.class_offers[0]
        days = list(class_offer.meetings.filter(starts_at__gt=self.at, canceled_at=None))
        for day in (days[0], days[1], days[1]):
            line = self.orders[0].lines.create(kind="class", product_id=day.class_offer_id, part_id=day.pk)
            Registration.objects.create(
                student=Student.objects.create(first_name="Ann", last_name="Lee"),
                class_offer=class_offer,
                meeting=day,
                line=line,
                state=State.CONFIRMED,
                confirmed_at=self.at,
            )
        Registration.objects.create(
            student=Student.objects.create(first_name="Ann", last_name="Lee"),
            class_offer=class_offer,
            state=State.CONFIRMED,
            confirmed_at=self.at,
        )
        by_day = capacity.availability_by_meeting(class_offer, days, self.at)
        self.assertEqual([self.left(by_day[day.pk]) for day in days], [4, 3, *([5] * (len(days) - 2))])
        self.assertEqual(self.left(capacity.availability_of(class_offer, self.at)), 3)

    def left(self, availability: Availability) -> int | None:
        return availability.available_spots
