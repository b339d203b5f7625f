"""A receiver may be called twice for one event, and the second call must have no effect."""

from collections import Counter

from django.test import TestCase

from demo_lms import domain, receivers
from mailroom.models import Message
from outbox import registry
from outbox.models import Event


class RepeatedCallTest(TestCase):
    def test_repeated_call_sends_one_mail_and_one_event_per_product(self) -> None:
        event = domain.complete_purchase()
        for _ in range(2):
            for path in registry.receivers_of(event.type).later:
                registry.load_receiver(path)(event)
        event_counts = Counter(Event.objects.values_list("type", flat=True))
        self.assertEqual(
            (Message.objects.count(), event_counts["demo_lms.product_purchased"]), (1, len(domain.PRODUCTS))
        )

    def test_repeated_test_signal_adds_no_event(self) -> None:
        event = domain.emit_celery_test()
        for _ in range(2):
            receivers.test_celery_signal_task(event)
        self.assertEqual(Event.objects.count(), 1)
