import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, TransactionTestCase, override_settings, tag

from common import throttle
from tests.base import SchoolTestCase
from users.models import User

WEB = Path(__file__).resolve().parents[2] / "web"
COUNT_TWO_HUNDRED = """
import django; django.setup()
from common.throttle import Rate, count_attempt
for _ in range(200): count_attempt("test", Rate(350, 86400))
"""
COUNTED = """
import django; django.setup()
from django.core.management import call_command; call_command("createcachetable")
"""


def ask(
    view: Any, person: User | None = None, *, at: str = "192.0.2.1", method: str = "post", **typed: str
) -> HttpResponse:
    request: HttpRequest = getattr(RequestFactory(), method)("/", typed, REMOTE_ADDR=at)
    request.user = person or AnonymousUser()
    response: HttpResponse = view(request)
    return response


class ThrottledTest(SchoolTestCase):
    def limited(self, **rates: str) -> Any:
        return throttle.rate_limited("test", **rates)(lambda request: HttpResponse("done"))  # type: ignore[arg-type]

    def statuses(self, *answers: HttpResponse) -> list[int]:
        return [answer.status_code for answer in answers]

    def test_one_address_may_ask_so_often_and_no_more(self) -> None:
        view = self.limited(by_address="2/h")
        self.assertEqual(self.statuses(*(ask(view) for _ in range(3))), [200, 200, 429])
        self.assertEqual(ask(view, at="192.0.2.2").status_code, 200)

    def test_looking_at_a_page_does_not_count(self) -> None:
        view = self.limited(by_address="1/h")
        self.assertEqual(self.statuses(*(ask(view, method="get") for _ in range(3)), ask(view)), [200] * 4)

    def test_one_account_may_ask_so_often_wherever_it_asks_from(self) -> None:
        view = self.limited(by_account="1/h")
        self.assertEqual(self.statuses(ask(view, self.alice), ask(view, self.alice, at="192.0.2.9")), [200, 429])
        self.assertEqual(ask(view, self.sam).status_code, 200)

    def test_a_typed_address_counts_only_where_it_is_typed_so_nobody_is_shut_out_from_elsewhere(self) -> None:
        view = self.limited(by_account="1/h")
        elsewhere = [ask(view, at="198.51.100.7", email="alice@example.org") for _ in range(3)]
        self.assertEqual(self.statuses(*elsewhere), [200, 429, 429])
        self.assertEqual(ask(view, email="alice@example.org").status_code, 200)

    def test_capital_letters_and_spaces_make_no_other_address(self) -> None:
        view = self.limited(by_account="1/h")
        self.assertEqual(self.statuses(ask(view, email="a@b.example"), ask(view, email=" A@B.Example ")), [200, 429])

    def test_two_things_are_counted_apart(self) -> None:
        other = throttle.rate_limited("other", by_address="1/h")(lambda request: HttpResponse("done"))
        self.assertEqual(self.statuses(ask(self.limited(by_address="1/h")), ask(other)), [200, 200])

    def test_what_is_forgiven_does_not_count_and_takes_back_no_failure(self) -> None:
        def guess(request: HttpRequest) -> HttpResponse:
            if request.POST["password"] == "right":
                throttle.uncount_request(request)
                throttle.uncount_request(request)
            return HttpResponse("done")

        view = throttle.rate_limited("test", by_address="2/h", by_account="2/h")(guess)
        guesses = ["wrong", *["right"] * 5, "wrong", "right"]
        answers = [ask(view, email="alice@example.org", password=each) for each in guesses]
        self.assertEqual(self.statuses(*answers), [200] * 7 + [429])

    def test_the_answer_says_when_to_come_back(self) -> None:
        view = self.limited(by_address="1/h")
        ask(view)
        answer = ask(view)
        self.assertTrue(0 < int(answer["Retry-After"]) <= 3600)
        self.assertContains(answer, "Please try again in ", status_code=429)


class AddressTest(SchoolTestCase):
    def seen(self, proxies: int, forwarded: str, *, last: str = "10.0.0.1") -> str:
        request = RequestFactory().get("/", REMOTE_ADDR=last, HTTP_X_FORWARDED_FOR=forwarded)
        with override_settings(TRUSTED_PROXIES=proxies):
            return throttle.client_address(request)

    def test_without_a_trusted_proxy_what_the_header_says_is_hearsay(self) -> None:
        self.assertEqual(self.seen(0, "192.0.2.1"), "10.0.0.1")

    def test_each_trusted_proxy_is_one_step_back_and_no_further(self) -> None:
        self.assertEqual(self.seen(1, "203.0.113.5, 192.0.2.1"), "192.0.2.1")
        self.assertEqual(self.seen(2, "203.0.113.5, 192.0.2.1"), "203.0.113.5")
        self.assertEqual(self.seen(1, ""), "10.0.0.1")

    def test_nonsense_from_a_proxy_falls_back_to_the_connection(self) -> None:
        self.assertEqual(self.seen(1, "unknown"), "10.0.0.1")

    def test_a_household_on_version_six_is_one_address(self) -> None:
        networks = {
            throttle.address_block(RequestFactory().get("/", REMOTE_ADDR=address))
            for address in ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9")
        }
        self.assertEqual(networks, {"2001:db8:1:2::/64"})

    def test_a_version_four_address_in_disguise_is_itself(self) -> None:
        self.assertEqual(throttle.address_block(RequestFactory().get("/", REMOTE_ADDR="::ffff:192.0.2.1")), "192.0.2.1")


class CountingTest(SchoolTestCase):
    def test_counting_up_keeps_the_value_and_refuses_what_is_not_there(self) -> None:
        cache.add("seen", 3, 60)
        self.assertEqual([cache.incr("seen"), cache.incr("seen", 5), cache.get("seen")], [4, 9, 9])
        with self.assertRaises(ValueError):
            cache.incr("unseen")

    def test_what_has_expired_is_not_there(self) -> None:
        cache.set("old", 3, -5)
        with self.assertRaises(ValueError):
            cache.incr("old")

    def test_no_name_or_address_of_a_person_is_kept(self) -> None:
        throttle.count_attempt("test alice@example.org at 192.0.2.1", throttle.Rate(1, 60))
        with connection.cursor() as cursor:
            cursor.execute("SELECT cache_key, value FROM throttle_entries")
            self.assertNotRegex(str(cursor.fetchall()), "alice|192")

    def test_two_processes_lose_no_count(self) -> None:
        """Two times two hundred against a limit of 350: the next one is refused, and was not before."""
        with TemporaryDirectory() as folder:
            env = os.environ | {
                "DATABASE_URL": f"sqlite:///{folder}/counts.sqlite3",
                "PYTHONPATH": os.pathsep.join([str(WEB), os.environ.get("PYTHONPATH", "")]),
                "DJANGO_SETTINGS_MODULE": "hepcat.settings",
            }
            subprocess.run([sys.executable, "-c", COUNTED], env=env, check=True)
            both = [subprocess.Popen([sys.executable, "-c", COUNT_TWO_HUNDRED], env=env) for _ in range(2)]
            self.assertEqual([each.wait() for each in both], [0, 0])
            last = "from django.core.cache import cache\n" + COUNT_TWO_HUNDRED.replace("range(200)", "range(1)") + READ
            done = subprocess.run([sys.executable, "-c", last], env=env, check=True, capture_output=True, text=True)
        self.assertEqual(done.stdout.strip(), "401")


READ = """
from django.db import connection
from common.cache import unpickle_value
with connection.cursor() as cursor:
    cursor.execute("SELECT value FROM throttle_entries")
    print(*(unpickle_value(row[0]) for row in cursor.fetchall()))
"""


@tag("postgres")
class RaceTest(TransactionTestCase):
    def setUp(self) -> None:
        cache.clear()
        self.addCleanup(cache.clear)

    def test_two_connections_lose_no_count(self) -> None:
        def count() -> None:
            for _ in range(100):
                cache.incr("race")
            connection.close()

        cache.add("race", 0, 60)
        both = [Thread(target=count) for _ in range(2)]
        for each in both:
            each.start()
        for each in both:
            each.join()
        self.assertEqual(cache.get("race"), 200)
