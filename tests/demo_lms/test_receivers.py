"""Each receiver may be called twice for one event; what it does must bear that."""

from collections import Counter

from django.test import TestCase

from demo_lms import domain, receivers
from mailroom.models import Message
from outbox import registry
from outbox.models import Event


class TwiceTest(TestCase):
    def test_a_second_call_mails_nobody_twice_and_tells_no_second_fact(self) -> None:
        event = domain.complete_purchase()
        for _ in range(2):
            for path in registry.receivers_of(event.type).later:
                registry.load_receiver(path)(event)
        told = Counter(Event.objects.values_list("type", flat=True))
        self.assertEqual((Message.objects.count(), told["demo_lms.product_purchased"]), (1, len(domain.PRODUCTS)))

    def test_a_test_signal_may_come_twice(self) -> None:
        event = domain.emit_celery_test()
        for _ in range(2):
            receivers.test_celery_signal_task(event)
        self.assertEqual(Event.objects.count(), 1)
