"""Two people create sessions at the same moment on two database connections, with and without locks."""

from collections.abc import Callable
from typing import Any

from django.test import Client, TransactionTestCase, tag
from django.urls import reverse

from classwork.domain.schedule import sessions
from classwork.errors import ChangeRefused
from classwork.models import Session
from tests import factories
from tests.base import BACKEND
from tests.classwork.planning import as_it_opens
from tests.racing import overlap, without_locks


def session_creator(name: str, weeks: int = 0) -> Callable[[], Session]:
    return lambda: factories.create_session(name, factories.upcoming_thursday(weeks))


@tag("postgres")
class SessionRaceTest(TransactionTestCase):
    def assert_refused(self, outcome: Any, rival: str) -> None:
        self.assertIsInstance(outcome, ChangeRefused)
        self.assertIn(f"overlaps with {rival}", str(outcome))

    def test_one_of_two_overlapping_first_sessions_is_created(self) -> None:
        first, second = overlap(session_creator("Ours"), session_creator("Theirs", 2))
        self.assert_refused(second, "Ours")
        self.assertEqual(Session.objects.get(), first)

    def test_control_without_locks_two_overlapping_sessions_are_created(self) -> None:
        with without_locks():
            overlap(session_creator("Ours"), session_creator("Theirs", 2))
        self.assertEqual(Session.objects.count(), 2)

    def test_one_of_two_overlapping_next_sessions_is_created(self) -> None:
        factories.create_session("Last")
        _, second = overlap(session_creator("Ours", 5), session_creator("Theirs", 7))
        self.assert_refused(second, "Ours")

    def test_session_cannot_be_moved_onto_one_that_is_being_created(self) -> None:
        last = factories.create_session("Last")
        values = {"key_day_date": factories.upcoming_thursday(7)}
        _, second = overlap(session_creator("Ours", 5), lambda: sessions.change_session(None, last, values))
        self.assert_refused(second, "Ours")

    def test_two_first_sessions_that_do_not_overlap_are_both_created(self) -> None:
        outcomes = overlap(session_creator("Ours"), session_creator("Theirs", 5))
        self.assertCountEqual(Session.objects.all(), outcomes)

    def test_slower_office_user_sees_the_overlap_at_the_key_day(self) -> None:
        school = factories.create_school()
        client = Client()
        client.force_login(school.ada, BACKEND)
        url = reverse("desk_next_session", args=[school.session.pk])
        data = as_it_opens(client, url)
        data["seen"] = client.post(url, data).context["preview"].fingerprint
        _, response = overlap(session_creator("Theirs", 5), lambda: client.post(url, data))
        self.assertContains(response, "overlaps with Theirs")
        self.assertFalse(response.context["form"].is_valid())
