from collections import Counter
from datetime import timedelta

from django.db import transaction
from django.test import override_settings
from django.utils import timezone

from history.models import Entry
from outbox.domain import delivery_results
from outbox.domain.claiming import claim_deliveries
from outbox.domain.delivering import deliver_batch
from outbox.domain.housekeeping import delete_finished_events
from outbox.models import Attempt, Delivery, DeliveryState, Event
from outbox.testing import delivery_problems, run_all
from tests.outbox.base import PATH, DoorTestCase, delivery, knock, mapped
from tests.outbox.plugin.receivers import calls


def effects() -> Counter[str]:
    return Counter(Entry.objects.values_list("action", flat=True))


class DeliverTest(DoorTestCase):
    def test_a_delivery_is_done_once_and_leaves_no_problem(self) -> None:
        with mapped("write_down", "ring"):
            knock()
            self.assertEqual((run_all(), run_all()), (2, 0))
        self.assertEqual(
            set(Delivery.objects.values_list("state", "due_at", "lease")), {(DeliveryState.DONE, None, "")}
        )
        self.assertEqual((effects()["door.written_down"], delivery_problems()), (1, []))

    def test_one_that_fails_does_not_keep_the_others_back(self) -> None:
        with mapped("write_down", "refuse", "leave", "never", "ring"):
            knock("a")
            knock("b")
            run_all()
        states = Counter(Delivery.objects.values_list("receiver", "state"))
        self.assertEqual(
            {state for (path, state) in states if path.endswith(("write_down", "ring"))}, {DeliveryState.DONE}
        )
        self.assertEqual(effects(), {"door.written_down": 2})

    def test_many_together_end_as_they_would_one_by_one(self) -> None:
        with mapped("write_down", "refuse"):
            for number in range(30):
                knock(str(number))
            while deliver_batch(claim_deliveries()):
                pass
        self.assertEqual(effects(), {"door.written_down": 30})
        self.assertEqual(Delivery.objects.filter(state=DeliveryState.DONE).count(), 30)
        self.assertEqual(
            Delivery.objects.filter(receiver__endswith="refuse", state=DeliveryState.WAITING, tries=1).count(), 30
        )

    def test_an_error_is_kept_without_what_it_said(self) -> None:
        with mapped("refuse"):
            knock()
            run_all()
        self.assertIn("ValueError\n", delivery().error)
        self.assertIn("plugin/receivers.py", delivery().error)
        self.assertNotIn("alice", delivery().error)

    def test_a_sentence_of_ours_is_kept_without_addresses_and_numbers(self) -> None:
        with mapped("somebody"):
            knock()
            run_all()
        self.assertEqual(delivery().reason, "Ask whether [address] has a key; call [number].")
        self.assertEqual(delivery().state, DeliveryState.PARKED)

    def test_what_failed_waits_longer_each_time_and_is_parked_in_the_end(self) -> None:
        with mapped("later_please"), override_settings(OUTBOX_TRIES=3):
            knock()
            run_all(retries=False)
            self.assertGreater(delivery().due_at, timezone.now() + timedelta(seconds=5))
            run_all(retries=True)
        self.assertEqual((delivery().state, delivery().tries), (DeliveryState.PARKED, 3))
        self.assertEqual(delivery().reason, "Tried 3 times without success.")
        self.assertEqual(list(Attempt.objects.values_list("outcome", flat=True)), ["retry", "retry", "parked"])

    def test_what_can_never_work_is_parked_at_once(self) -> None:
        with mapped("never"):
            knock()
            run_all(retries=True)
        self.assertEqual(
            (delivery().state, delivery().tries, delivery().reason), (DeliveryState.PARKED, 1, "There is no door.")
        )

    def test_a_receiver_taken_from_the_map_is_parked_with_that_reason(self) -> None:
        with mapped("ring"):
            knock()
        with mapped("write_down"):
            run_all()
        self.assertEqual(delivery().state, DeliveryState.PARKED)
        self.assertIn("is no longer a later receiver of door.knocked", delivery().reason)

    def test_a_receiver_whose_module_is_broken_is_parked_and_the_others_go_on(self) -> None:
        broken = "tests.outbox.plugin.broken.receiver"
        with override_settings(WORKFLOWS={"door.knocked": {"later": [broken, f"{PATH}.write_down"]}}):
            knock()
            run_all()
        self.assertEqual(
            (delivery("write_down").state, delivery("broken.receiver").state),
            (DeliveryState.DONE, DeliveryState.PARKED),
        )
        self.assertIn("cannot be imported (ZeroDivisionError)", delivery("broken.receiver").reason)

    def test_a_payload_of_an_older_release_is_parked_with_that_reason(self) -> None:
        with mapped("ring"):
            Event.objects.filter(pk=knock().pk).update(data={"gate_id": 7})
            run_all()
        self.assertIn("no longer matches its declaration", delivery().reason)

    def test_each_receiver_may_run_twice_and_a_transactional_effect_still_happens_once(self) -> None:
        with mapped("write_down"):
            knock()
            held = claim_deliveries()
            Delivery.objects.update(due_at=timezone.now())  # the lease has ended; somebody else takes it
            deliver_batch(claim_deliveries(), together=1)
            deliver_batch(held)
        self.assertEqual([name for name, _ in calls], ["write_down", "write_down"])
        self.assertEqual(effects()["door.written_down"], 1)

    def test_the_event_is_the_cause_of_what_its_receiver_emits(self) -> None:
        with mapped("open_door", "ring_and_emit"):
            event = knock()
            run_all()
        self.assertEqual(Event.objects.get(type="door.opened").cause, event)
        self.assertEqual(calls[0][1].event_id, event.pk)


class InlineTest(DoorTestCase):
    def test_the_inline_engine_delivers_when_the_transaction_has_committed(self) -> None:
        with mapped("write_down"), self.captureOnCommitCallbacks(execute=True):
            knock()
            self.assertEqual(delivery().state, DeliveryState.WAITING)
        self.assertEqual(delivery().state, DeliveryState.DONE)

    def test_what_a_transaction_takes_back_is_not_delivered(self) -> None:
        with mapped("write_down"), self.captureOnCommitCallbacks(execute=True), transaction.atomic():
            knock()
            transaction.set_rollback(True)
        self.assertEqual((calls, Event.objects.count()), ([], 0))


class ForgetTest(DoorTestCase):
    def test_only_what_is_old_and_finished_is_forgotten(self) -> None:
        with mapped("write_down"):
            for key in ("old", "old and parked", "young"):
                knock(key)
            run_all()
        Event.objects.filter(key__startswith="old").update(at=timezone.now() - timedelta(days=181))
        Delivery.objects.filter(event__key="old and parked").update(state=DeliveryState.PARKED)
        self.assertEqual(delete_finished_events(), 1)
        self.assertEqual(set(Event.objects.values_list("key", flat=True)), {"old and parked", "young"})

    def test_an_effect_outlives_its_cause(self) -> None:
        with mapped("ring", now=("open_door",)):
            first = knock()
            run_all()
        Event.objects.filter(pk=first.pk).update(at=timezone.now() - timedelta(days=181))
        delete_finished_events()
        self.assertIsNone(Event.objects.get().cause)


class BatchTest(DoorTestCase):
    def test_a_batched_receiver_gets_several_events_over_one_connection(self) -> None:
        with mapped("ring_all"):
            for number in range(7):
                knock(str(number))
            run_all()
        self.assertEqual([size for name, size in calls if name == "connect"], [3, 3, 1])
        self.assertEqual(Delivery.objects.filter(state=DeliveryState.DONE).count(), 7)

    def test_one_failed_event_of_a_batch_is_tried_again_alone(self) -> None:
        with mapped("ring_all"):
            knock("a"), knock("b", note="busy"), knock("c")
            run_all()
        self.assertEqual(Delivery.objects.filter(state=DeliveryState.DONE).count(), 2)
        self.assertIn("TemporaryFailure: No answer.", Delivery.objects.get(state=DeliveryState.WAITING).error)

    def test_when_the_line_breaks_what_was_done_stays_done(self) -> None:
        with mapped("ring_all"):
            knock("a"), knock("b", note="break"), knock("c")
            run_all()
        self.assertEqual(
            list(Delivery.objects.values_list("state", "tries")), [("done", 1), ("waiting", 1), ("waiting", 1)]
        )
        self.assertNotIn("bob", Delivery.objects.last().error)

    def test_silence_about_an_event_is_not_taken_for_success(self) -> None:
        with mapped("ring_all"):
            knock("a"), knock("b", note="end")
            run_all()
        self.assertEqual(list(Delivery.objects.values_list("state", flat=True)), ["done", "parked"])

    def test_a_worker_told_to_stop_hangs_up_and_hands_the_rest_back(self) -> None:
        with mapped("ring_all"):
            knock("a"), knock("b"), knock("c")
            deliver_batch(claim_deliveries(), stop=lambda: True)
        self.assertEqual([name for name, _ in calls], ["connect", "hang up"])
        self.assertEqual(
            list(Delivery.objects.values_list("state", "tries")), [("done", 1), ("waiting", 0), ("waiting", 0)]
        )


class PauseTest(DoorTestCase):
    def test_the_pause_grows_to_six_hours_and_is_spread(self) -> None:
        self.assertLess(delivery_results.retry_delay(1), timedelta(seconds=13))
        self.assertGreater(delivery_results.retry_delay(20), timedelta(hours=4))
        self.assertLess(delivery_results.retry_delay(20), timedelta(hours=8))
        self.assertGreater(len({delivery_results.retry_delay(3) for _ in range(9)}), 1)

    def test_a_time_the_other_side_asked_for_is_kept(self) -> None:
        self.assertEqual(delivery_results.retry_delay(1, timedelta(hours=9)), timedelta(hours=9))
