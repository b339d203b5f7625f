from django.core import mail

from history.models import Entry
from outbox.models import Delivery, DeliveryState, Event
from outbox.testing import run_all
from tests.base import SchoolTestCase


def short(answer: dict[str, object]) -> dict[str, object]:
    """`<function name at 0x…>` as `name`."""
    return {name.split()[1]: value for name, value in answer.items()}


class DemoTest(SchoolTestCase):
    def test_of_two_receivers_one_succeeds_and_one_tells_its_error_and_where(self) -> None:
        with self.assertLogs("demo_lms", "INFO") as log:
            answer = self.client.get("/demo_lms/test/").json()
        self.assertEqual(sum("sender argument 'Something'" in line for line in log.output), 2)
        self.assertRegex(next(iter(answer)), r"^<function test_receiver at 0x[0-9a-f]+>$")
        fine, failed = short(answer)["test_receiver"], short(answer)["test_receiver_exception"]
        self.assertEqual(fine, "")
        self.assertTrue(failed["error"].startswith("PermanentFailure: "))
        self.assertIn("demo_lms/receivers.py", failed["traceback"][-1])

    def test_a_celery_signal_is_answered_before_its_task_has_run(self) -> None:
        answer = self.client.get("/demo_lms/test_celery_signal/").json()
        self.assertEqual(short(answer), {"test_celery_signal_task": ""})
        self.assertEqual(Delivery.objects.get().state, DeliveryState.WAITING)
        run_all()
        self.assertEqual(Delivery.objects.get().state, DeliveryState.DONE)

    def test_a_purchase_is_recorded_confirmed_and_enrolled_product_by_product(self) -> None:
        answer = self.client.get("/demo_lms/demo_purchase_complete/").json()
        names = ("order_history", "send_confirmation_email", "enroll_in_course")
        self.assertEqual(short(answer), {f"demo_purchase_complete_{name}": "" for name in names})
        run_all()
        first = Event.objects.get(type="demo_lms.purchase_complete")
        second = Event.objects.filter(type="demo_lms.product_purchased")
        self.assertEqual([event.cause for event in second], [first, first])
        self.assertEqual(first.cause_by, "GET demo_lms_purchase_complete")
        self.assertEqual(Entry.objects.filter(action="demo_lms.enrolled").count(), 2)
        self.assertEqual([message.subject for message in mail.outbox], [f"Your purchase {first.key}"])
        self.assertEqual(Event.objects.get(type="mailroom.message_queued").cause, first)
        self.assertFalse(Delivery.objects.exclude(state=DeliveryState.DONE).exists())

    def test_each_request_has_an_id_that_its_events_carry(self) -> None:
        before = set(Event.objects.values_list("pk", flat=True))
        response = self.client.get("/demo_lms/demo_purchase_complete/")
        run_all()
        told = Event.objects.exclude(pk__in=before)
        self.assertEqual({event.request_id for event in told}, {response.headers["X-Request-Id"]})
