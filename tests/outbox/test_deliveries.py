from collections import Counter
from datetime import timedelta

from django.db import transaction
from django.test import override_settings
from django.utils import timezone

from history.models import Entry
from outbox.domain import delivery_results
from outbox.domain.claims import claim_deliveries
from outbox.domain.deliveries import deliver_batch
from outbox.domain.housekeeping import delete_finished_events
from outbox.models import Attempt, Delivery, DeliveryState, Event
from outbox.testing import delivery_problems, run_all
from tests.outbox.base import PATH, DoorTestCase, delivery, knock, mapped
from tests.outbox.plugin.receivers import calls


def recorded_actions() -> Counter[str]:
    return Counter(Entry.objects.values_list("action", flat=True))


class DeliveryTest(DoorTestCase):
    def test_each_delivery_is_done_once_without_problems(self) -> None:
        with mapped("write_down", "ring"):
            knock()
            self.assertEqual((run_all(), run_all()), (2, 0))
        self.assertEqual(
            set(Delivery.objects.values_list("state", "due_at", "lease")), {(DeliveryState.DONE, None, "")}
        )
        self.assertEqual((recorded_actions()["door.written_down"], delivery_problems()), (1, []))

    def test_failed_delivery_does_not_stop_the_others(self) -> None:
        with mapped("write_down", "refuse", "leave", "never", "ring"):
            knock("a")
            knock("b")
            run_all()
        states = Counter(Delivery.objects.values_list("receiver", "state"))
        self.assertEqual(
            {state for (path, state) in states if path.endswith(("write_down", "ring"))}, {DeliveryState.DONE}
        )
        self.assertEqual(recorded_actions(), {"door.written_down": 2})

    def test_deliveries_in_one_batch_succeed_and_fail_separately(self) -> None:
        with mapped("write_down", "refuse"):
            for number in range(30):
                knock(str(number))
            while deliver_batch(claim_deliveries()):
                pass
        self.assertEqual(recorded_actions(), {"door.written_down": 30})
        self.assertEqual(Delivery.objects.filter(state=DeliveryState.DONE).count(), 30)
        self.assertEqual(
            Delivery.objects.filter(receiver__endswith="refuse", state=DeliveryState.WAITING, tries=1).count(), 30
        )

    def test_stored_error_does_not_contain_the_message_of_the_exception(self) -> None:
        with mapped("refuse"):
            knock()
            run_all()
        self.assertIn("ValueError\n", delivery().error)
        self.assertIn("plugin/receivers.py", delivery().error)
        self.assertNotIn("alice", delivery().error)

    def test_addresses_and_phone_numbers_are_removed_from_a_stored_reason(self) -> None:
        with mapped("somebody"):
            knock()
            run_all()
        self.assertEqual(delivery().reason, "Ask whether [address] has a key; call [number].")
        self.assertEqual(delivery().state, DeliveryState.PARKED)

    def test_failing_delivery_waits_before_each_retry_and_is_parked_after_the_last_try(self) -> None:
        with mapped("later_please"), override_settings(OUTBOX_TRIES=3):
            knock()
            run_all(retries=False)
            self.assertGreater(delivery().due_at, timezone.now() + timedelta(seconds=5))
            run_all(retries=True)
        self.assertEqual((delivery().state, delivery().tries), (DeliveryState.PARKED, 3))
        self.assertEqual(delivery().reason, "Tried 3 times without success.")
        self.assertEqual(list(Attempt.objects.values_list("outcome", flat=True)), ["retry", "retry", "parked"])

    def test_delivery_with_a_permanent_failure_is_parked_immediately(self) -> None:
        with mapped("never"):
            knock()
            run_all(retries=True)
        self.assertEqual(
            (delivery().state, delivery().tries, delivery().reason), (DeliveryState.PARKED, 1, "There is no door.")
        )

    def test_delivery_to_a_receiver_removed_from_the_map_is_parked_with_that_reason(self) -> None:
        with mapped("ring"):
            knock()
        with mapped("write_down"):
            run_all()
        self.assertEqual(delivery().state, DeliveryState.PARKED)
        self.assertIn("is no longer a later receiver of door.knocked", delivery().reason)

    def test_delivery_to_a_receiver_in_a_broken_module_is_parked_and_the_others_are_done(self) -> None:
        broken_receiver = "tests.outbox.plugin.broken.receiver"
        with override_settings(WORKFLOWS={"door.knocked": {"later": [broken_receiver, f"{PATH}.write_down"]}}):
            knock()
            run_all()
        self.assertEqual(
            (delivery("write_down").state, delivery("broken.receiver").state),
            (DeliveryState.DONE, DeliveryState.PARKED),
        )
        self.assertIn("cannot be imported (ZeroDivisionError)", delivery("broken.receiver").reason)

    def test_delivery_with_a_payload_of_an_older_release_names_that_as_the_reason(self) -> None:
        with mapped("ring"):
            Event.objects.filter(pk=knock().pk).update(data={"gate_id": 7})
            run_all()
        self.assertIn("no longer matches its declaration", delivery().reason)

    def test_receiver_may_run_twice_but_its_database_changes_are_committed_once(self) -> None:
        with mapped("write_down"):
            knock()
            first_batch = claim_deliveries()
            Delivery.objects.update(due_at=timezone.now())  # The lease ends, and another worker claims the delivery.
            deliver_batch(claim_deliveries(), together=1)
            deliver_batch(first_batch)
        self.assertEqual([name for name, _ in calls], ["write_down", "write_down"])
        self.assertEqual(recorded_actions()["door.written_down"], 1)

    def test_event_emitted_by_a_receiver_has_the_delivered_event_as_its_cause(self) -> None:
        with mapped("open_door", "ring_and_emit"):
            event = knock()
            run_all()
        self.assertEqual(Event.objects.get(type="door.opened").cause, event)
        self.assertEqual(calls[0][1].event_id, event.pk)


class InlineEngineTest(DoorTestCase):
    def test_inline_engine_delivers_after_the_transaction_was_committed(self) -> None:
        with mapped("write_down"), self.captureOnCommitCallbacks(execute=True):
            knock()
            self.assertEqual(delivery().state, DeliveryState.WAITING)
        self.assertEqual(delivery().state, DeliveryState.DONE)

    def test_event_of_a_rolled_back_transaction_is_not_delivered(self) -> None:
        with mapped("write_down"), self.captureOnCommitCallbacks(execute=True), transaction.atomic():
            knock()
            transaction.set_rollback(True)
        self.assertEqual((calls, Event.objects.count()), ([], 0))


class EventCleanupTest(DoorTestCase):
    def test_only_old_and_finished_events_are_deleted(self) -> None:
        with mapped("write_down"):
            for key in ("old", "old and parked", "young"):
                knock(key)
            run_all()
        Event.objects.filter(key__startswith="old").update(at=timezone.now() - timedelta(days=181))
        Delivery.objects.filter(event__key="old and parked").update(state=DeliveryState.PARKED)
        self.assertEqual(delete_finished_events(), 1)
        self.assertEqual(set(Event.objects.values_list("key", flat=True)), {"old and parked", "young"})

    def test_event_is_kept_when_the_event_that_caused_it_is_deleted(self) -> None:
        with mapped("ring", now=("open_door",)):
            causing_event = knock()
            run_all()
        Event.objects.filter(pk=causing_event.pk).update(at=timezone.now() - timedelta(days=181))
        delete_finished_events()
        self.assertIsNone(Event.objects.get().cause)


class RetryDelayTest(DoorTestCase):
    def test_retry_delay_grows_to_about_six_hours_and_varies(self) -> None:
        self.assertLess(delivery_results.retry_delay(1), timedelta(seconds=13))
        self.assertGreater(delivery_results.retry_delay(20), timedelta(hours=4))
        self.assertLess(delivery_results.retry_delay(20), timedelta(hours=8))
        self.assertGreater(len({delivery_results.retry_delay(3) for _ in range(9)}), 1)

    def test_retry_delay_requested_by_the_other_service_is_used(self) -> None:
        self.assertEqual(delivery_results.retry_delay(1, timedelta(hours=9)), timedelta(hours=9))
