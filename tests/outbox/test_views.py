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
class QueuePageTest(SchoolTestCase):
    def setUp(self) -> None:
        self.log_in(self.ada)

    def park(self, count: int = 1) -> None:
        with mapped("never"):
            for number in range(count):
                knock(f"{Delivery.objects.count()}-{number}")
            run_all()

    @tag("rows")
    def test_query_count_does_not_grow_with_the_number_of_deliveries(self) -> None:
        self.assertSameQueries(reverse("desk_queue"), self.park)

    def test_failed_delivery_is_shown_with_its_reason(self) -> None:
        self.park()
        self.assertContains(self.client.get(reverse("desk_queue")), "There is no door.")

    def test_page_says_so_if_no_worker_has_reported(self) -> None:
        Worker.objects.all().delete()
        self.assertContains(self.client.get(reverse("desk_queue")), "No worker has reported yet")
        record_heartbeat("worker here")
        self.assertNotContains(self.client.get(reverse("desk_queue")), "No worker has reported")

    def handle(self, action: str, why: str = "The door is mended.") -> str:
        url = reverse("desk_delivery_handle", args=[delivery().pk])
        return self.client.post(url, {"action": action, "why": why}, follow=True).content.decode()

    def test_retried_delivery_runs_again_and_the_reason_is_recorded(self) -> None:
        self.park()
        self.assertIn("It will be retried in a moment.", self.handle("retry"))
        self.assertEqual((delivery().state, delivery().tries), (DeliveryState.WAITING, 0))
        entry = Entry.objects.get(action="outbox.retried")
        self.assertEqual((entry.actor_id, entry.reason), (self.ada.pk, "The door is mended."))
        with mapped("never"):
            run_all()
        self.assertEqual(delivery().state, DeliveryState.PARKED)

    def test_dismissed_delivery_is_recorded_with_its_reason(self) -> None:
        self.park()
        self.assertIn("Dismissed.", self.handle("dismiss", "Nobody lives here."))
        self.assertEqual((delivery().state, delivery().reason), (DeliveryState.DISMISSED, "Nobody lives here."))
        self.assertEqual(Entry.objects.get(action="outbox.dismissed").reason, "Nobody lives here.")

    def test_retry_without_a_reason_is_refused_beside_the_field(self) -> None:
        self.park()
        self.assertIn("This field is required", self.handle("retry", " "))
        self.assertEqual(delivery().state, DeliveryState.PARKED)

    def test_delivery_that_is_done_meanwhile_cannot_be_dismissed(self) -> None:
        with mapped("ring"):
            knock()
            run_all()
        self.assertIn("This has changed since you opened the page", self.handle("dismiss"))
        self.assertEqual(delivery().state, DeliveryState.DONE)

    def test_staff_without_permission_to_retry_see_no_buttons_and_are_refused(self) -> None:
        self.park()
        for name in ("enter_office", "view_delivery"):
            self.tess.user_permissions.add(Permission.objects.get(codename=name))
        self.log_in(self.tess)
        self.assertNotContains(self.client.get(reverse("desk_delivery", args=[delivery().pk])), "Try again now")
        url = reverse("desk_delivery_handle", args=[delivery().pk])
        self.assertEqual(self.client.post(url, {"action": "retry", "why": "x"}).status_code, 403)


@modify_settings(INSTALLED_APPS={"append": "tests.outbox.plugin"})
class TracePageTest(SchoolTestCase):
    def setUp(self) -> None:
        self.log_in(self.ada)
        calls.clear()

    def emit_events(self, count: int = 1) -> None:
        with mapped("open_door", "ring", "later_please", now=("write_down",)):
            for _ in range(count):
                knock(str(Event.objects.count()))
            run_all()

    def test_trace_page_shows_the_cause_of_each_event_and_each_try(self) -> None:
        self.emit_events()
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
    def test_query_count_does_not_grow_with_the_number_of_events(self) -> None:
        self.assertSameQueries(reverse("desk_story", args=["door", "7"]), self.emit_events)

    def test_trace_page_of_an_unknown_subject_is_not_found(self) -> None:
        self.assertEqual(self.client.get(reverse("desk_story", args=["door", "8"])).status_code, 404)


@modify_settings(INSTALLED_APPS={"append": "tests.outbox.plugin"})
class HealthCheckTest(SchoolTestCase):
    def fetch_health(self, query: str = "") -> tuple[int, dict[str, dict[str, object]]]:
        response = self.client.get(f"/healthz{query}")
        return response.status_code, response.json()

    def test_health_is_ok_with_a_working_worker(self) -> None:
        record_heartbeat("worker here")
        code, health = self.fetch_health("?all=1")
        self.assertEqual((code, health["status"], health["database"]), (200, "ok", "ok"))

    def test_health_check_accepts_plain_http_and_an_ip_address_as_host(self) -> None:
        with self.settings(SECURE_SSL_REDIRECT=True, ALLOWED_HOSTS=["www.example.org"]):
            response = self.client.get("/healthz", headers={"host": "10.0.0.7"})
        self.assertEqual(response.status_code, 200)

    def test_health_check_without_a_worker_fails_only_if_all_checks_are_requested(self) -> None:
        self.assertEqual(self.fetch_health()[0], 200)
        with self.assertLogs("django.request"):
            self.assertEqual(self.fetch_health("?all=1")[0], 503)
        self.assertEqual(self.fetch_health()[1]["worker"], {"working": False, "seen_seconds_ago": None})

    def test_health_check_reports_a_late_queue(self) -> None:
        record_heartbeat("worker here")
        with mapped("ring"):
            knock()
        Delivery.objects.update(due_at=timezone.now() - timedelta(minutes=6))
        code, health = self.fetch_health()
        self.assertEqual((code, health["status"], health["queue"]["due"]), (200, "late", 1))
        self.assertGreaterEqual(health["queue"]["oldest_seconds"], 360)
