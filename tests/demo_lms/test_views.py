from django.core import mail

from history.models import Entry
from outbox.models import Delivery, DeliveryState, Event
from outbox.testing import run_all
from tests.base import SchoolTestCase


def by_receiver(answer: dict[str, object]) -> dict[str, object]:
    """The answer with the key `name` instead of `<function name at 0x…>`."""
    return {name.split()[1]: value for name, value in answer.items()}


class DemoViewsTest(SchoolTestCase):
    def test_failed_receiver_is_shown_with_its_error_next_to_a_successful_one(self) -> None:
        with self.assertLogs("demo_lms", "INFO") as log:
            answer = self.client.get("/demo_lms/test/").json()
        self.assertEqual(sum("sender argument 'Something'" in line for line in log.output), 2)
        self.assertRegex(next(iter(answer)), r"^<function test_receiver at 0x[0-9a-f]+>$")
        succeeded, failed = by_receiver(answer)["test_receiver"], by_receiver(answer)["test_receiver_exception"]
        self.assertEqual(succeeded, "")
        self.assertTrue(failed["error"].startswith("PermanentFailure: "))
        self.assertIn("demo_lms/receivers.py", failed["traceback"][-1])

    def test_a_celery_signal_is_answered_before_its_task_has_run(self) -> None:
        answer = self.client.get("/demo_lms/test_celery_signal/").json()
        self.assertEqual(by_receiver(answer), {"test_celery_signal_task": ""})
        self.assertEqual(Delivery.objects.get().state, DeliveryState.WAITING)
        run_all()
        self.assertEqual(Delivery.objects.get().state, DeliveryState.DONE)

    def test_purchase_is_recorded_confirmed_by_mail_and_enrolled_per_product(self) -> None:
        answer = self.client.get("/demo_lms/demo_purchase_complete/").json()
        names = ("order_history", "send_confirmation_email", "enroll_in_course")
        self.assertEqual(by_receiver(answer), {f"demo_purchase_complete_{name}": "" for name in names})
        run_all()
        first = Event.objects.get(type="demo_lms.purchase_complete")
        second = Event.objects.filter(type="demo_lms.product_purchased")
        self.assertEqual([event.cause for event in second], [first, first])
        self.assertEqual(first.cause_by, "GET demo_lms_purchase_complete")
        self.assertEqual(Entry.objects.filter(action="demo_lms.enrolled").count(), 2)
        self.assertEqual([message.subject for message in mail.outbox], [f"Your purchase {first.key}"])
        self.assertFalse(Delivery.objects.exclude(state=DeliveryState.DONE).exists())

    def test_events_of_a_request_have_its_request_id(self) -> None:
        before = set(Event.objects.values_list("pk", flat=True))
        response = self.client.get("/demo_lms/demo_purchase_complete/")
        run_all()
        new_events = Event.objects.exclude(pk__in=before)
        self.assertEqual({event.request_id for event in new_events}, {response.headers["X-Request-Id"]})
