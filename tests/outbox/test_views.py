from datetime import timedelta

from django.contrib.auth.models import Permission
from django.test import modify_settings, tag
from django.urls import reverse
from django.utils import timezone

from history.models import Entry
from outbox.domain.worker_loop import record_heartbeat
from outbox.models import Delivery, DeliveryState, Event, Worker
from outbox.testing import run_all
from tests.base import SchoolTestCase
from tests.outbox.base import delivery, knock, mapped
from tests.outbox.plugin.receivers import calls


@modify_settings(INSTALLED_APPS={"append": "tests.outbox.plugin"})
class QueueTest(SchoolTestCase):
    def setUp(self) -> None:
        self.log_in(self.ada)

    def park(self, count: int = 1) -> None:
        with mapped("never"):
            for number in range(count):
                knock(f"{Delivery.objects.count()}-{number}")
            run_all()

    @tag("rows")
    def test_the_page_asks_as_often_for_thirty_deliveries_as_for_one(self) -> None:
        self.assertSameQueries(reverse("desk_queue"), self.park)

    def test_what_needs_a_person_is_shown_with_its_reason(self) -> None:
        self.park()
        self.assertContains(self.client.get(reverse("desk_queue")), "There is no door.")

    def test_a_silent_worker_is_told_in_words(self) -> None:
        Worker.objects.all().delete()
        self.assertContains(self.client.get(reverse("desk_queue")), "No worker has reported yet")
        record_heartbeat("worker here")
        self.assertNotContains(self.client.get(reverse("desk_queue")), "No worker has reported")

    def handle(self, deed: str, why: str = "The door is mended.") -> str:
        url = reverse("desk_delivery_handle", args=[delivery().pk])
        return self.client.post(url, {"deed": deed, "why": why}, follow=True).content.decode()

    def test_a_retry_is_recorded_with_its_reason_and_runs_again(self) -> None:
        self.park()
        self.assertIn("It will be retried in a moment.", self.handle("retry"))
        self.assertEqual((delivery().state, delivery().tries), (DeliveryState.WAITING, 0))
        entry = Entry.objects.get(action="outbox.retried")
        self.assertEqual((entry.actor_id, entry.why), (self.ada.pk, "The door is mended."))
        with mapped("never"):
            run_all()
        self.assertEqual(delivery().state, DeliveryState.PARKED)

    def test_what_is_set_aside_stays_so_with_its_reason(self) -> None:
        self.park()
        self.assertIn("Dismissed.", self.handle("dismiss", "Nobody lives here."))
        self.assertEqual((delivery().state, delivery().reason), (DeliveryState.DISMISSED, "Nobody lives here."))
        self.assertEqual(Entry.objects.get(action="outbox.dismissed").why, "Nobody lives here.")

    def test_a_deed_without_a_reason_is_refused_beside_the_field(self) -> None:
        self.park()
        self.assertIn("This field is required", self.handle("retry", " "))
        self.assertEqual(delivery().state, DeliveryState.PARKED)

    def test_what_has_moved_on_is_left_alone(self) -> None:
        with mapped("ring"):
            knock()
            run_all()
        self.assertIn("This has changed since you opened the page", self.handle("dismiss"))
        self.assertEqual(delivery().state, DeliveryState.DONE)

    def test_who_may_only_look_sees_no_buttons_and_is_refused(self) -> None:
        self.park()
        for name in ("enter_office", "view_delivery"):
            self.tess.user_permissions.add(Permission.objects.get(codename=name))
        self.log_in(self.tess)
        self.assertNotContains(self.client.get(reverse("desk_delivery", args=[delivery().pk])), "Try again now")
        url = reverse("desk_delivery_handle", args=[delivery().pk])
        self.assertEqual(self.client.post(url, {"deed": "retry", "why": "x"}).status_code, 403)


@modify_settings(INSTALLED_APPS={"append": "tests.outbox.plugin"})
class StoryPageTest(SchoolTestCase):
    def setUp(self) -> None:
        self.log_in(self.ada)
        calls.clear()

    def tell(self, count: int = 1) -> None:
        with mapped("open_door", "ring", "later_please", now=("write_down",)):
            for _ in range(count):
                knock(str(Event.objects.count()))
            run_all()

    def test_the_page_shows_what_caused_what_and_each_try(self) -> None:
        self.tell()
        page = self.client.get(reverse("desk_story", args=["door", "7"]))
        for text in (
            "door.knocked",
            "door.opened",
            "Caused by door.knocked in open_door",
            "Failed, will retry",
            "<svg",
        ):
            self.assertContains(page, text)
        self.assertContains(page, "Done immediately")

    @tag("rows")
    def test_the_page_asks_as_often_for_thirty_events_as_for_one(self) -> None:
        self.assertSameQueries(reverse("desk_story", args=["door", "7"]), self.tell)

    def test_nobody_has_a_story_of_what_never_happened(self) -> None:
        self.assertEqual(self.client.get(reverse("desk_story", args=["door", "8"])).status_code, 404)


@modify_settings(INSTALLED_APPS={"append": "tests.outbox.plugin"})
class HealthTest(SchoolTestCase):
    def told(self, query: str = "") -> tuple[int, dict[str, dict[str, object]]]:
        response = self.client.get(f"/healthz{query}")
        return response.status_code, response.json()

    def test_a_site_with_a_live_worker_is_well(self) -> None:
        record_heartbeat("worker here")
        code, told = self.told("?all=1")
        self.assertEqual((code, told["status"], told["database"]), (200, "ok", "ok"))

    def test_a_load_balancer_may_ask_by_number_and_without_https(self) -> None:
        with self.settings(SECURE_SSL_REDIRECT=True, ALLOWED_HOSTS=["www.example.org"]):
            response = self.client.get("/healthz", headers={"host": "10.0.0.7"})
        self.assertEqual(response.status_code, 200)

    def test_without_a_worker_it_says_so_and_fails_only_who_asks_for_all(self) -> None:
        self.assertEqual(self.told()[0], 200)
        with self.assertLogs("django.request"):
            self.assertEqual(self.told("?all=1")[0], 503)
        self.assertEqual(self.told()[1]["worker"], {"working": False, "seen_seconds_ago": None})

    def test_a_queue_that_waits_for_long_is_late(self) -> None:
        record_heartbeat("worker here")
        with mapped("ring"):
            knock()
        Delivery.objects.update(due_at=timezone.now() - timedelta(minutes=6))
        code, told = self.told()
        self.assertEqual((code, told["status"], told["queue"]["due"]), (200, "late", 1))
        self.assertGreaterEqual(told["queue"]["oldest_seconds"], 360)
