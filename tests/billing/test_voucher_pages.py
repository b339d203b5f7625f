"""The pages and mails of gift vouchers for buyers, recipients and the desk."""

from datetime import datetime, time, timedelta
from decimal import Decimal

from django.db import OperationalError
from django.test import override_settings, tag
from django.urls import reverse
from django.utils import timezone

from accounting.domain import voucher_liability
from billing import personal
from billing.domain.pricing import discount_codes
from billing.domain.vouchers import eligibility, notifications, office, sales
from billing.models import Order, Payment, Voucher
from billing.models.vouchers import VoucherEntry
from common import dates
from common.personal import PersonRecords
from history.models import Entry
from mailroom.models import Message
from mailroom.testing import send_all
from outbox.testing import run_all
from tests.billing.checkout import PAYER
from tests.billing.vouchers import VoucherTestCase
from tests.statements import lost_connection

CART = reverse("cart")
RECIPIENT = {"recipient_email": "rae@example.org", "giver_name": "Alice", "message": "<b>Dance</b> *with* me!"}


@tag("once")
class VoucherPurchasePageTest(VoucherTestCase):
    def submit_purchase(self, **fields: object) -> str:
        """Return the path that the browser is sent to: the cart's, or the form's again."""
        return str(self.client.post(reverse("vouchers"), {"gift": "50"} | fields).url)

    def line_details(self) -> dict[str, str]:
        order = Order.objects.get(state="cart")
        return order.lines.get().details

    def test_visitor_buys_voucher_and_double_click_adds_one(self) -> None:
        words = {
            "recipient_name": " Rae  Ray ",
            "recipient_email": "RAE@example.org",
            "deliver_on": dates.local_today(),
        }
        self.assertEqual([self.submit_purchase(**words), self.submit_purchase(**words)], [CART, CART])
        given = {
            "recipient_name": "Rae Ray",
            "recipient_email": "rae@example.org",
            "deliver_on": f"{dates.local_today()}",
        }
        self.assertEqual(self.line_details(), {"amount": "50.00"} | given)
        self.assertContains(self.client.get(reverse("cart")), "Gift voucher: $50.00")

    def test_custom_amount_or_class_can_be_chosen(self) -> None:
        self.assertEqual(self.submit_purchase(gift="other", amount="33.5"), CART)
        self.assertEqual(self.line_details(), {"amount": "33.50"})
        Order.objects.all().delete()
        self.assertEqual(self.submit_purchase(gift="class", which="toy:2"), CART)
        self.assertEqual(self.line_details(), {"gift": "toy:2", "gift_title": "Toy 2"})

    def test_invalid_input_is_refused(self) -> None:
        far = dates.local_today() + timedelta(days=400)
        wrong: tuple[dict[str, object], ...] = (
            {"gift": "51"}, {"gift": "other"}, {"gift": "other", "amount": "-5"}, {"gift": "other", "amount": "NaN"},
            {"gift": "other", "amount": "20.005"}, {"gift": "other", "amount": "1e9"}, {"gift": "class"},
            {"gift": "class", "which": "toy:99"}, {"gift": "class", "which": "voucher:1"},
            {"deliver_on": far},
            {"deliver_on": "yesterday"}, {"message": "x" * 501}, {"recipient_email": "nobody"},
            {"recipient_name": "\0"},
        )  # fmt: skip
        for fields in wrong:
            with self.subTest(fields):
                self.assertEqual(self.submit_purchase(**fields), reverse("vouchers"))
                self.assertContains(self.client.get(reverse("vouchers")), "Please check the following")
        self.assertFalse(Order.objects.exists())

    @override_settings(SELL_VOUCHERS=False)
    def test_page_says_so_when_school_sells_no_vouchers(self) -> None:
        self.assertEqual(self.client.post(reverse("vouchers"), {"gift": "50"}).status_code, 200)
        self.assertContains(self.client.get(reverse("vouchers")), "We don’t sell gift vouchers right now")
        self.assertFalse(Order.objects.exists())


@tag("once")
class VoucherCheckoutPageTest(VoucherTestCase):
    def start_cart(self, *products: int) -> Order:
        order = self.create_cart(*products)
        session = self.client.session
        session["cart"] = order.pk
        session.save()
        return order

    def enter_code(self, code: str) -> str:
        return self.client.post(reverse("checkout_code"), {"code": code}, follow=True).content.decode()

    def place_order(self, seen: str, by_vouchers: str, **more: str) -> str:
        """Return the path that the browser is sent to: the order's, or the checkout's again."""
        data = PAYER | {"seen_now": seen, "seen_door": seen, "seen_vouchers": by_vouchers} | more
        return str(self.client.post(reverse("checkout"), data).url.partition("?")[0])

    def test_code_field_accepts_voucher_and_shows_remaining_total(self) -> None:
        voucher = self.buy_voucher(30)
        self.start_cart(1)
        page = self.enter_code(f" {voucher.grouped.lower()} ")
        self.assertIn(f"Gift voucher {voucher.mark}", page)
        self.assertIn("<strong>$40.00</strong> is left to pay now.", page)
        self.assertIn(discount_codes.UNKNOWN, self.enter_code("CDFG-HJKM-NPQR"))
        self.client.post(reverse("checkout_unchoose_voucher", args=[voucher.pk]))
        self.assertNotIn(voucher.mark, self.client.get(reverse("checkout")).content.decode())

    def test_order_fully_paid_by_voucher_needs_no_payment_method(self) -> None:
        voucher = self.buy_voucher(100)
        order = self.start_cart(1)
        self.assertIn("Complete order", self.enter_code(voucher.code))
        self.assertEqual(self.place_order("70", "70"), reverse("order", args=[order.pk]))
        order.refresh_from_db()
        self.assertEqual((order.state, self.balance_of(voucher)), ("paid", 30))

    def test_voucher_used_in_another_tab_stops_placement_with_reason(self) -> None:
        """The page was loaded while the voucher could still pay."""
        voucher = self.buy_voucher(70)
        order = self.start_cart(1)
        self.enter_code(voucher.code)
        self.spend_vouchers(voucher)
        self.assertEqual(self.place_order("70", "70", method="practice"), reverse("checkout"))
        order.refresh_from_db()
        self.assertEqual(order.state, "cart")
        self.assertContains(self.client.get(reverse("checkout")), eligibility.EMPTY)

    def test_hostile_values_are_refused(self) -> None:
        order = self.start_cart(1)
        for value in ("NaN", "1e99", "x"):
            self.assertEqual(self.place_order("70", value, method="practice"), reverse("checkout"))
        self.assertEqual(self.client.post(reverse("checkout_unchoose_voucher", args=[10**15])).status_code, 302)
        self.enter_code("\0")
        order.refresh_from_db()
        self.assertEqual(order.state, "cart")

    def test_guessing_codes_is_throttled(self) -> None:
        self.start_cart(1)
        statuses = [self.client.post(reverse("checkout_code"), {"code": f"{n:012}"}).status_code for n in range(31)]
        self.assertEqual((statuses[0], statuses[-1]), (302, 429))

    def test_voucher_pays_placed_order_due_at_the_door(self) -> None:
        voucher, order = self.buy_voucher(100), self.place_new_order(1, payer=self.alice, due=Order.Due.DOOR)
        self.log_in(self.alice)
        for code, message in (("nonsense", discount_codes.UNKNOWN), (voucher.grouped, "Your voucher has paid $70.00.")):
            page = self.client.post(reverse("order_voucher", args=[order.pk]), {"code": code}, follow=True)
            self.assertContains(page, message)
        order.refresh_from_db()
        self.assertEqual(order.state, "paid")


@tag("once")
class VoucherDeliveryTest(VoucherTestCase):
    def moment_in_days(self, days: int = 0, hour: int = 8) -> datetime:
        return dates.local_moment(dates.local_today() + timedelta(days=days), time(hour))

    def test_voucher_page_hides_email_addresses_and_escapes_the_message(self) -> None:
        voucher = self.buy_voucher(50, **RECIPIENT)
        page = self.client.get(voucher.address)
        self.assertContains(page, voucher.grouped)
        self.assertContains(page, "&lt;b&gt;Dance&lt;/b&gt;")
        self.assertNotContains(page, "rae@example.org")
        Voucher.objects.update(nonce="another")
        self.assertEqual(self.client.get(voucher.address).status_code, 404)

    def test_buyer_finds_voucher_in_order_and_receipt(self) -> None:
        voucher = self.buy_voucher(50)
        order = voucher.line.order  # type: ignore[union-attr]
        self.assertContains(self.client.get(order.address()), "/vouchers/")
        run_all()
        (mail,) = send_all()
        self.assertIn("gift voucher for Rae, $50.00", str(mail.body))

    def test_gift_mail_is_sent_once_on_its_day_and_not_before_eight(self) -> None:
        day = dates.local_today() + timedelta(days=3)
        voucher = self.buy_voucher(50, deliver_on=day.isoformat(), **RECIPIENT)
        self.assertEqual(notifications.send_due_gifts(self.moment_in_days(2, 23)), 0)
        self.assertEqual(notifications.send_due_gifts(self.moment_in_days(3, 7)), 0)
        self.assertEqual(notifications.send_due_gifts(self.moment_in_days(3)), 1)
        self.assertEqual(notifications.send_due_gifts(self.moment_in_days(3)), 0)
        message = Message.objects.get(template="billing.voucher")
        self.assertEqual((message.to, message.data), ("rae@example.org", {"voucher_id": voucher.pk}))
        run_all()
        (mail,) = [mail for mail in send_all() if mail.to == ["rae@example.org"]]
        self.assertIn(voucher.grouped, str(mail.body))
        message.refresh_from_db()
        self.assertIn("enter the code [link removed] at checkout", message.text)
        self.assertNotIn(voucher.grouped, message.text + message.html)
        self.assertIn("&lt;b&gt;Dance&lt;/b&gt; *with* me!", str(mail.alternatives[0][0]))  # type: ignore[attr-defined]

    def test_gift_mail_is_retried_when_the_connection_is_lost_before_it_is_written(self) -> None:
        self.buy_voucher(50, deliver_on=dates.local_today().isoformat(), **RECIPIENT)
        with self.assertRaises(OperationalError), lost_connection('INSERT (OR IGNORE )?INTO "mailroom_message"'):
            notifications.send_due_gifts(self.moment_in_days(1))
        self.assertEqual(notifications.send_due_gifts(self.moment_in_days(1)), 1)

    def test_void_used_up_or_unaddressed_voucher_is_not_mailed(self) -> None:
        day = {"deliver_on": dates.local_today().isoformat()}
        office.void_voucher(self.buy_voucher(50, **day, **RECIPIENT), why="x", by=self.ada)
        self.spend_vouchers(self.buy_voucher(50, **day, **RECIPIENT))
        self.buy_voucher(50, **day)
        self.assertEqual(notifications.send_due_gifts(self.moment_in_days(1)), 0)

    @override_settings(VOUCHER_MONTHS=12, VOUCHER_REMINDER_DAYS=30)
    def test_expiry_reminder_is_sent_once_and_again_after_extension(self) -> None:
        voucher = self.buy_voucher(50)
        assert voucher.expires_on
        at = dates.local_moment(voucher.expires_on - timedelta(days=20), time(9, 30))
        self.assertEqual(notifications.send_expiry_reminders(at - timedelta(days=20)), 0)
        self.assertEqual([notifications.send_expiry_reminders(at), notifications.send_expiry_reminders(at)], [1, 0])
        self.assertEqual(Message.objects.get(template="billing.voucher_expiring").to, "pat@example.org")
        office.extend_voucher_expiry(voucher, voucher.expires_on + timedelta(days=100), why="x", by=self.ada)
        self.assertEqual(notifications.send_expiry_reminders(at), 0)
        self.assertEqual(notifications.send_expiry_reminders(at + timedelta(days=100)), 1)


@tag("once")
class VoucherDeskTest(VoucherTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.log_in(self.ada)

    def issue_voucher(self, **fields: object) -> int:
        return self.client.post(reverse("desk_voucher_issue"), {"gift": "50", "how": "cash"} | fields).status_code

    def test_voucher_sold_for_cash_is_a_paid_order(self) -> None:
        self.assertEqual(self.issue_voucher(payer_name="Bo", recipient_name="Rae"), 302)
        voucher = Voucher.objects.get()
        order = voucher.line.order  # type: ignore[union-attr]
        payment = order.payments.get()
        self.assertEqual((order.state, order.payer_name, payment.variant), ("paid", "Bo", "cash"))
        self.assertEqual((payment.recorded_by, voucher.issued_by, self.balance_of(voucher)), (self.ada, self.ada, 50))

    def test_free_voucher_needs_reason_and_creates_no_payment(self) -> None:
        self.assertEqual(self.issue_voucher(how="school"), 400)
        self.assertEqual(self.issue_voucher(how="school", why="A prize", gift="class", which="toy:1"), 302)
        voucher = Voucher.objects.get()
        self.assertEqual(
            (voucher.face_value, voucher.kind, voucher.gift_reference, voucher.title), (70, "toy", "1", "Toy 1")
        )
        self.assertEqual((voucher.entries.get().note, Payment.objects.count()), ("A prize", 0))
        self.assertEqual(Entry.objects.get(action="billing.voucher_given_away").reason, "A prize")
        self.assertEqual(self.spend_vouchers(voucher).state, "paid")

    def post_action(self, name: str, voucher: Voucher, **fields: object) -> int:
        return self.client.post(reverse(name, args=[voucher.pk]), fields).status_code

    def test_extending_and_voiding_need_a_reason(self) -> None:
        voucher = self.buy_voucher(50)
        day = dates.local_today() + timedelta(days=9)
        self.assertEqual(self.post_action("desk_voucher_extend", voucher, expires_on=day), 400)
        self.assertEqual(self.post_action("desk_voucher_extend", voucher, expires_on="2020-01-01", why="x"), 400)
        self.assertEqual(self.post_action("desk_voucher_extend", voucher, expires_on=day, why="Was ill"), 302)
        voucher.refresh_from_db()
        self.assertEqual(voucher.expires_on, day)
        self.assertEqual(self.post_action("desk_voucher_void", voucher), 400)
        self.assertEqual(self.post_action("desk_voucher_void", voucher, why="Stolen"), 302)
        self.assertEqual(self.balance_of(voucher), 0)
        self.assertEqual(self.post_action("desk_voucher_void", voucher, why="Again"), 400)
        self.assertEqual(self.post_action("desk_voucher_extend", voucher, expires_on=day, why="x"), 400)
        self.assertContains(self.client.get(reverse("desk_voucher", args=[voucher.pk])), "Stolen")

    def test_desk_redeems_voucher_for_order_due_at_the_door(self) -> None:
        voucher, order = self.buy_voucher(30), self.place_new_order(1, due=Order.Due.DOOR)
        for code, status in (("", 400), ("nonsense", 400), (voucher.grouped, 302), (voucher.grouped, 400)):
            answer = self.client.post(reverse("desk_use_voucher", args=[order.pk]), {"code": code})
            self.assertEqual(answer.status_code, status, code)
        self.assertEqual(Entry.objects.get(action="billing.voucher_used").details["amount"], "30.000")
        self.assertEqual(self.balance_of(voucher), 0)

    def test_voucher_is_found_by_code_recipient_and_order(self) -> None:
        voucher, other = self.buy_voucher(50, recipient_name="Rae"), self.buy_voucher(60, recipient_name="Zoe")
        number = voucher.line.order_id  # type: ignore[union-attr]
        for text in (voucher.grouped.lower(), voucher.code[-4:], "rae", f"#{number}"):
            page = self.client.get(reverse("desk_vouchers"), {"q": text})
            self.assertContains(page, voucher.mark)
            self.assertNotContains(page, other.mark)
        self.assertEqual(self.client.get(reverse("desk_vouchers"), {"show": "void", "q": "\0"}).status_code, 400)

    def test_number_of_queries_is_the_same_for_one_and_thirty_vouchers(self) -> None:
        self.assertSameQueries(reverse("desk_vouchers"), lambda count: [self.buy_voucher(20) for _ in range(count)])

    def test_books_show_outstanding_voucher_balance(self) -> None:
        self.spend_vouchers(self.buy_voucher(70))
        office.void_voucher(
            office.issue_free_voucher(Decimal(25), None, {}, why="A prize", by=self.ada), why="Lost", by=self.ada
        )
        self.buy_voucher(40)
        start, end = timezone.now() - timedelta(days=1), timezone.now() + timedelta(days=1)
        moved = {each.label: each.amount for each in voucher_liability.liability_movements(start, end)}
        self.assertEqual(moved["Bought"], 110)
        self.assertEqual((moved["Used"], moved["Made void by the school"]), (-70, -25))
        self.assertEqual(moved["Balance of all vouchers at the end"], 40)
        days = {"since": dates.local_today(), "until": dates.local_today()}
        self.assertContains(self.client.get(reverse("desk_ledger"), days), "Balance of all vouchers at the end")
        download = self.client.get(reverse("desk_ledger_download"), days)
        text = b"".join(download.streaming_content).decode()  # type: ignore[attr-defined]
        for part in (",voucher,", ",toy,", "voucher given", "voucher void"):
            self.assertIn(part, text)


@tag("once")
class VoucherPersonalDataTest(VoucherTestCase):
    def test_recipient_data_is_exported_and_erased_and_voucher_stays_usable(self) -> None:
        voucher = self.buy_voucher(50, **RECIPIENT)
        person = PersonRecords(emails=("rae@example.org",))
        (exported,) = personal.export(person)["gift_vouchers"]  # type: ignore[misc]
        self.assertEqual((exported["balance"], exported["from"]), ("50.000", "Alice"))  # type: ignore[index]
        self.assertNotIn(voucher.code, str(exported))
        personal.erase(person)
        voucher.refresh_from_db()
        self.assertEqual((voucher.recipient_email, voucher.message, voucher.giver_name), ("", "", "Alice"))
        self.assertEqual(self.spend_vouchers(voucher, products=(2,)).state, "paid")

    def test_buyer_data_is_erased_and_unpaid_voucher_order_can_still_be_paid(self) -> None:
        order = self.order_voucher(50, **RECIPIENT)
        payment_first = self.buy_voucher(50, **RECIPIENT)
        personal.erase(PersonRecords(emails=("pat@example.org",)))
        payment_first.refresh_from_db()
        self.assertEqual((payment_first.giver_name, payment_first.recipient_name), ("", "Rae"))
        order.refresh_from_db()
        self.pay_order(order)
        self.assertEqual(Voucher.objects.get(line__order=order).face_value, 50)

    def test_voucher_entries_cannot_be_changed_or_deleted(self) -> None:
        entry = VoucherEntry.objects.get(voucher=self.buy_voucher(50))
        with self.assertRaises(TypeError):
            entry.save()
        with self.assertRaises(TypeError):
            entry.delete()
        self.assertEqual(sales.amount_problem(Decimal(50)), "")
