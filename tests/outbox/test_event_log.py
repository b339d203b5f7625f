from django.db import transaction

from history.models import Entry
from outbox import causation
from outbox.declare import EventType, PayloadInvalid
from outbox.domain import KeyTaken, UnknownEvent, emit
from outbox.models import Delivery, Event
from tests.outbox.base import DoorTestCase, knock, mapped
from tests.outbox.plugin import events


class EmittingTest(DoorTestCase):
    def test_event_is_saved_with_one_delivery_for_each_later_receiver(self) -> None:
        with mapped("write_down", "ring"):
            event = knock("a", door_id=7, times=2)
        self.assertEqual(
            (event.type, event.key, event.subject_type, event.subject_id), ("door.knocked", "a", "door", "7")
        )
        self.assertEqual(event.data, {"door_id": 7, "times": 2, "note": None})
        self.assertEqual(event.deliveries.count(), 2)

    def test_same_event_emitted_twice_is_saved_once(self) -> None:
        with mapped("write_down", now=("open_door",)):
            first, second = knock("a"), knock("a")
        self.assertEqual(first, second)
        self.assertEqual((Event.objects.count(), Delivery.objects.count()), (2, 1))

    def test_key_that_was_used_with_another_payload_is_refused(self) -> None:
        knock("a", door_id=7)
        with self.assertRaises(KeyTaken):
            knock("a", door_id=8)

    def test_payload_with_wrong_fields_or_an_address_is_refused(self) -> None:
        for payload in (
            {"door_id": "7"},
            {"door_id": True},
            {"door_id": 7, "window": 1},
            {"times": 1},
            {"door_id": 7, "note": 5},
            {"door_id": 7, "note": "alice@example.org"},
        ):
            with self.subTest(payload), self.assertRaises(PayloadInvalid), transaction.atomic():
                emit(events.KNOCKED, key="a", **payload)
        self.assertFalse(Event.objects.exists())

    def test_undeclared_event_is_refused(self) -> None:
        with self.assertRaises(UnknownEvent):
            emit(EventType("door.painted", events.Opened, ("door", "door_id")), key="a", door_id=7)

    def test_failing_now_receiver_rolls_back_the_event_and_all_its_effects(self) -> None:
        with mapped("ring", now=("write_down", "refuse")), self.assertRaises(ValueError):
            knock("a")
        self.assertFalse(Event.objects.exists() or Delivery.objects.exists() or Entry.objects.exists())

    def test_event_emitted_by_a_now_receiver_records_its_cause_and_request(self) -> None:
        with mapped(now=("open_door",)), causation.caused_by(causation.Cause("POST knock", request_id="r1")):
            first = knock("a")
        second = Event.objects.get(type="door.opened")
        self.assertEqual((first.cause, first.cause_by, first.request_id), (None, "POST knock", "r1"))
        self.assertEqual((second.cause, second.request_id), (first, "r1"))
        self.assertTrue(second.cause_by.endswith("open_door"))
