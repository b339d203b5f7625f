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
CREATE_CACHE_TABLE = """
import django; django.setup()
from django.core.management import call_command; call_command("createcachetable")
"""


def send_request(
    view: Any, person: User | None = None, *, address: str = "192.0.2.1", method: str = "post", **form_data: str
) -> HttpResponse:
    request: HttpRequest = getattr(RequestFactory(), method)("/", form_data, REMOTE_ADDR=address)
    request.user = person or AnonymousUser()
    response: HttpResponse = view(request)
    return response


class RateLimitTest(SchoolTestCase):
    def limited_view(self, **rates: str) -> Any:
        return throttle.rate_limited("test", **rates)(lambda request: HttpResponse("done"))  # type: ignore[arg-type]

    def statuses(self, *answers: HttpResponse) -> list[int]:
        return [answer.status_code for answer in answers]

    def test_address_is_refused_after_it_has_reached_its_limit(self) -> None:
        view = self.limited_view(by_address="2/h")
        self.assertEqual(self.statuses(*(send_request(view) for _ in range(3))), [200, 200, 429])
        self.assertEqual(send_request(view, address="192.0.2.2").status_code, 200)

    def test_get_requests_are_not_counted(self) -> None:
        view = self.limited_view(by_address="1/h")
        self.assertEqual(
            self.statuses(*(send_request(view, method="get") for _ in range(3)), send_request(view)), [200] * 4
        )

    def test_account_limit_applies_across_addresses(self) -> None:
        view = self.limited_view(by_account="1/h")
        self.assertEqual(
            self.statuses(send_request(view, self.alice), send_request(view, self.alice, address="192.0.2.9")),
            [200, 429],
        )
        self.assertEqual(send_request(view, self.sam).status_code, 200)

    def test_typed_email_is_limited_per_address_so_that_nobody_can_lock_out_its_owner(self) -> None:
        view = self.limited_view(by_account="1/h")
        elsewhere = [send_request(view, address="198.51.100.7", email="alice@example.org") for _ in range(3)]
        self.assertEqual(self.statuses(*elsewhere), [200, 429, 429])
        self.assertEqual(send_request(view, email="alice@example.org").status_code, 200)

    def test_typed_email_is_counted_regardless_of_case_and_spaces(self) -> None:
        view = self.limited_view(by_account="1/h")
        self.assertEqual(
            self.statuses(send_request(view, email="a@b.example"), send_request(view, email=" A@B.Example ")),
            [200, 429],
        )

    def test_each_limit_has_its_own_counter(self) -> None:
        other = throttle.rate_limited("other", by_address="1/h")(lambda request: HttpResponse("done"))
        self.assertEqual(
            self.statuses(send_request(self.limited_view(by_address="1/h")), send_request(other)), [200, 200]
        )

    def test_uncounted_requests_do_not_count_and_do_not_undo_earlier_failures(self) -> None:
        def log_in(request: HttpRequest) -> HttpResponse:
            if request.POST["password"] == "right":
                throttle.uncount_request(request)
                throttle.uncount_request(request)
            return HttpResponse("done")

        view = throttle.rate_limited("test", by_address="2/h", by_account="2/h")(log_in)
        guesses = ["wrong", *["right"] * 5, "wrong", "right"]
        answers = [send_request(view, email="alice@example.org", password=guess) for guess in guesses]
        self.assertEqual(self.statuses(*answers), [200] * 7 + [429])

    def test_refused_request_says_when_to_try_again(self) -> None:
        view = self.limited_view(by_address="1/h")
        send_request(view)
        answer = send_request(view)
        self.assertTrue(0 < int(answer["Retry-After"]) <= 3600)
        self.assertContains(answer, "Please try again in ", status_code=429)


class ClientAddressTest(SchoolTestCase):
    def client_address(self, proxies: int, forwarded: str, *, connection: str = "10.0.0.1") -> str:
        request = RequestFactory().get("/", REMOTE_ADDR=connection, HTTP_X_FORWARDED_FOR=forwarded)
        with override_settings(TRUSTED_PROXIES=proxies):
            return throttle.client_address(request)

    def test_forwarded_header_is_ignored_without_a_trusted_proxy(self) -> None:
        self.assertEqual(self.client_address(0, "192.0.2.1"), "10.0.0.1")

    def test_number_of_trusted_proxies_selects_the_forwarded_address(self) -> None:
        self.assertEqual(self.client_address(1, "203.0.113.5, 192.0.2.1"), "192.0.2.1")
        self.assertEqual(self.client_address(2, "203.0.113.5, 192.0.2.1"), "203.0.113.5")
        self.assertEqual(self.client_address(1, ""), "10.0.0.1")

    def test_invalid_forwarded_address_falls_back_to_the_connection(self) -> None:
        self.assertEqual(self.client_address(1, "unknown"), "10.0.0.1")

    def test_ipv6_addresses_of_one_household_share_an_address_block(self) -> None:
        networks = {
            throttle.address_block(RequestFactory().get("/", REMOTE_ADDR=address))
            for address in ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9")
        }
        self.assertEqual(networks, {"2001:db8:1:2::/64"})

    def test_ipv4_address_mapped_to_ipv6_is_treated_as_ipv4(self) -> None:
        self.assertEqual(throttle.address_block(RequestFactory().get("/", REMOTE_ADDR="::ffff:192.0.2.1")), "192.0.2.1")


class CacheCounterTest(SchoolTestCase):
    def test_incr_adds_to_a_stored_counter_and_refuses_a_missing_one(self) -> None:
        cache.add("seen", 3, 60)
        self.assertEqual([cache.incr("seen"), cache.incr("seen", 5), cache.get("seen")], [4, 9, 9])
        with self.assertRaises(ValueError):
            cache.incr("unseen")

    def test_incr_refuses_an_expired_counter(self) -> None:
        cache.set("old", 3, -5)
        with self.assertRaises(ValueError):
            cache.incr("old")

    def test_stored_counters_contain_no_email_or_network_address(self) -> None:
        throttle.count_attempt("test alice@example.org at 192.0.2.1", throttle.Rate(1, 60))
        with connection.cursor() as cursor:
            cursor.execute("SELECT cache_key, value FROM throttle_entries")
            self.assertNotRegex(str(cursor.fetchall()), "alice|192")

    def test_two_processes_lose_no_attempt(self) -> None:
        """Each process counts 200 attempts, so one more attempt makes 401."""
        with TemporaryDirectory() as folder:
            env = os.environ | {
                "DATABASE_URL": f"sqlite:///{folder}/counts.sqlite3",
                "PYTHONPATH": os.pathsep.join([str(WEB), os.environ.get("PYTHONPATH", "")]),
                "DJANGO_SETTINGS_MODULE": "hepcat.settings",
            }
            subprocess.run([sys.executable, "-c", CREATE_CACHE_TABLE], env=env, check=True)
            processes = [subprocess.Popen([sys.executable, "-c", COUNT_TWO_HUNDRED], env=env) for _ in range(2)]
            self.assertEqual([process.wait() for process in processes], [0, 0])
            last_attempt = (
                "from django.core.cache import cache\n"
                + COUNT_TWO_HUNDRED.replace("range(200)", "range(1)")
                + PRINT_COUNTS
            )
            result = subprocess.run(
                [sys.executable, "-c", last_attempt], env=env, check=True, capture_output=True, text=True
            )
        self.assertEqual(result.stdout.strip(), "401")


PRINT_COUNTS = """
from django.db import connection
from common.cache import unpickle_value
with connection.cursor() as cursor:
    cursor.execute("SELECT value FROM throttle_entries")
    print(*(unpickle_value(row[0]) for row in cursor.fetchall()))
"""


@tag("postgres")
class CacheCounterRaceTest(TransactionTestCase):
    def setUp(self) -> None:
        cache.clear()
        self.addCleanup(cache.clear)

    def test_two_connections_lose_no_increment(self) -> None:
        def count() -> None:
            for _ in range(100):
                cache.incr("race")
            connection.close()

        cache.add("race", 0, 60)
        threads = [Thread(target=count) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(cache.get("race"), 200)
