from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.test import override_settings
from django.urls import reverse
from django.utils import timezone

from billing.domain import money_back, payments
from billing.domain.payments import Taken
from billing.domain.reconciling import deeds, nightly, questions, runs
from billing.gateways.facts import About, Movement
from billing.gateways.facts import Taken as Said
from billing.models import Book, Case, Finding, Order, Payment, Question, Reconciliation, Refund
from common import dates, links
from common.errors import Permanent, Temporary
from history.models import Entry
from mailroom.models import Message
from outbox.models import Delivery
from outbox.testing import problems, run_all
from tests.billing import scripted
from tests.billing.base import BillingTestCase
from tests.billing.scripted import Scripted, line, with_scripted
from tests.billing.toys import Toy, ToyKind, states

YESTERDAY = timedelta(days=1)


@with_scripted
class ReconcilingTestCase(BillingTestCase):
    """The purchases lie at noon of the day before yesterday, so that no hour of the day is special."""

    def setUp(self) -> None:
        super().setUp()
        scripted.fresh()
        self.today = dates.today() - 2 * YESTERDAY
        self.noon = dates.at(self.today, datetime.min.time().replace(hour=12))

    def bought(self, *products: int, **more: Any) -> Payment:
        """Paid, and known to both sides."""
        payment = self.only_ours(*products, **more)
        Scripted.theirs.append(line(payment))
        return payment

    def only_ours(self, *products: int, **more: Any) -> Payment:
        order = self.placed(*(products or (1,)), **more)
        payment = payments.start(order, scripted.NAME, self.now)
        payments.confirm(payment, Taken(payment.total, payment.currency, f"pi_{payment.pk}"))
        Payment.objects.filter(pk=payment.pk).update(captured_at=self.noon)
        Order.objects.filter(pk=order.pk).update(paid_at=self.noon)
        payment.refresh_from_db()
        return payment

    def attempt(self) -> Payment:
        payment = payments.start(self.placed(1), scripted.NAME, self.now)
        Scripted.theirs.append(line(payment, at=self.noon))
        return payment

    def run_it(self) -> Reconciliation:
        run = runs.begin(self.today, self.today, by=self.ada)
        run_all()
        run.refresh_from_db()
        return run

    def found(self, run: Reconciliation | None = None) -> list[str]:
        run = run or self.run_it()
        return sorted(Finding.objects.off().filter(book__run=run).values_list("verdict", flat=True))

    def one(self, verdict: str) -> Finding:
        return Finding.objects.filter(verdict=verdict).latest("pk")

    def act(self, finding: Finding, deed: str, why: str = "Looked at both") -> Finding:
        deeds.do(finding, deed, why=why, by=self.ada)
        run_all()
        finding.refresh_from_db()
        return finding


class RunsTest(ReconcilingTestCase):
    def test_what_fits_is_kept_with_fee_and_payout_and_nothing_is_off(self) -> None:
        payment = self.bought()
        run = self.run_it()
        self.assertEqual((self.found(run), problems()), ([], []))
        finding = Finding.objects.get(book__run=run)
        self.assertEqual((finding.verdict, finding.payment, finding.payout), ("matched", payment, "po_1"))
        self.assertEqual(finding.fee, Decimal("2.30"))
        payment.refresh_from_db()
        self.assertEqual(payment.fee, Decimal("2.30"))
        self.assertIsNotNone(run.ended_at)

    def test_each_fault_is_found_once(self) -> None:
        self.bought()
        self.only_ours()
        Scripted.theirs.append(Movement("payment", "pi_other", Decimal(5), "USD", self.noon))
        wrong = [self.only_ours(), self.only_ours()]
        Scripted.theirs.append(line(wrong[0], amount=Decimal(69)))
        Scripted.theirs.append(line(wrong[1], currency="EUR"))
        self.attempt()
        expected = ["amount", "currency", "only_ours", "only_theirs", "only_theirs"]
        self.assertEqual(self.found(), expected)

    def test_refunds_are_compared_too(self) -> None:
        ours, theirs, both = self.bought(), self.bought(), self.bought()
        for payment in (ours, both):
            money_back.by_staff(payment.order, Decimal(10), why="Cold", by=self.ada)
        run_all()
        Refund.objects.update(settled_at=self.noon)
        known = both.refunds.get()
        self.book_refund("re_x", theirs, Decimal(-10))
        self.book_refund(known.transaction_id, both, Decimal(-10))
        self.assertEqual(self.found(), ["refund_ours", "refund_theirs"])
        self.assertEqual(self.one("refund_theirs").payment, theirs)
        self.assertEqual(self.one("refund_ours").refund, ours.refunds.get())

    def book_refund(self, reference: str, payment: Payment, amount: Decimal) -> None:
        about = About(reference=payment.transaction_id or "")
        Scripted.theirs.append(Movement("refund", reference, amount, "USD", self.noon, about=about))

    def test_paid_but_not_opened_and_opened_but_not_paid_are_found_in_our_own_books(self) -> None:
        closed = self.bought(1, 2)
        ToyKind().put(closed.order.lines.get(product_id=2), "released")
        lapsed = self.placed(1)
        ToyKind().put(lapsed.lines.get(), "confirmed")
        Order.objects.filter(pk=lapsed.pk).update(held_until=self.noon)
        self.assertEqual(self.found(), ["not_opened", "not_paid"])
        self.assertEqual(self.one("not_opened").line, closed.order.lines.get(product_id=2))
        self.assertEqual(self.one("not_paid").order, lapsed)

    def test_an_order_to_be_paid_at_the_door_is_rightly_open(self) -> None:
        self.placed(1, due=Order.Due.DOOR)
        self.assertEqual(self.found(), [])

    def test_a_cancelled_line_that_is_still_open_is_found(self) -> None:
        order = self.bought(1, 2).order
        order.lines.filter(product_id=2).update(cancelled_at=self.noon)
        self.assertEqual(self.found(), ["not_paid"])

    def test_money_that_both_date_differently_is_no_difference(self) -> None:
        payment = self.only_ours()
        Scripted.theirs.append(line(payment, at=self.noon - 2 * YESTERDAY))
        self.assertEqual(self.found(), [])

    def test_money_booked_long_after_them_is_known_from_an_earlier_run(self) -> None:
        payment = self.attempt()
        Scripted.theirs[:] = [line(payment, at=self.noon - 10 * YESTERDAY)]
        early = self.today - 10 * YESTERDAY
        runs.begin(early, early, by=None)
        run_all()
        self.assertEqual(self.one("only_theirs").payment, payment)
        payments.confirm(payment, Taken(payment.total, "USD", f"pi_{payment.pk}"))
        Payment.objects.filter(pk=payment.pk).update(captured_at=self.noon)
        self.assertEqual(self.found(), [])

    def test_the_gateway_is_read_portion_by_portion_and_nothing_twice(self) -> None:
        self.bought()
        self.run_it()
        spans = sorted(Scripted.asked)
        self.assertTrue(all(until - since <= runs.STEP for since, until in spans))
        self.assertEqual([until for _, until in spans[:-1]], [since for since, _ in spans[1:]])

    def test_a_step_that_comes_twice_changes_nothing(self) -> None:
        self.bought()
        run = self.run_it()
        for book in run.books.all():
            runs.step(book.pk)
            Book.objects.filter(pk=book.pk).update(state=Book.State.MATCHING)
            runs.step(book.pk)
        self.assertEqual(Finding.objects.filter(book__run=run).count(), 1)

    def test_a_gateway_that_is_away_for_a_while_delays_the_run_and_the_page_says_so(self) -> None:
        self.bought()
        Scripted.trouble.append(Temporary("The gateway does not answer."))
        run = self.run_it()
        self.assertIsNone(run.ended_at)
        self.assertIn("does not answer", run.books.exclude(variant="").get().trouble)
        run_all(retries=True)
        self.assertEqual(self.found(Reconciliation.objects.get(ended_at__isnull=False)), [])

    def test_a_gateway_that_refuses_ends_its_book_and_a_person_may_try_again(self) -> None:
        self.bought()
        Scripted.trouble.append(Permanent("It refuses our key."))
        run = self.run_it()
        book = run.books.exclude(variant="").get()
        self.assertEqual((book.state, book.trouble), ("failed", "It refuses our key."))
        self.assertIsNotNone(run.ended_at)
        runs.again(book, self.ada)
        run_all()
        book.refresh_from_db()
        self.assertEqual((book.state, book.trouble), ("done", ""))

    def test_what_they_may_not_have_listed_yet_is_no_difference(self) -> None:
        payment = self.only_ours()
        Payment.objects.filter(pk=payment.pk).update(captured_at=self.now - timedelta(minutes=5))
        runs.begin(dates.today(), dates.today(), by=self.ada)
        run_all()
        self.assertFalse(Finding.objects.off().exists())

    def test_a_double_click_begins_one_run(self) -> None:
        self.assertEqual(
            runs.begin(self.today, self.today, by=self.ada), runs.begin(self.today, self.today, by=self.ada)
        )

    def test_days_that_cannot_be_compared_are_refused_with_a_sentence(self) -> None:
        for since, until in ((0, -1), (-400, 0), (3, 3)):
            with self.assertRaisesMessage(runs.NoSuchSpan, ""):
                days = [self.today + timedelta(days=number) for number in (since, until)]
                runs.begin(*days, by=self.ada)


class DeedsTest(ReconcilingTestCase):
    def test_their_money_is_taken_over_as_a_webhook_would_have_told_it(self) -> None:
        payment = self.attempt()
        self.run_it()
        finding = self.act(self.one("only_theirs"), "take_over")
        payment.refresh_from_db()
        self.assertEqual(
            (payment.status, payment.order.state, states(payment.order)), ("confirmed", "paid", ["confirmed"])
        )
        self.assertEqual((finding.deed, finding.closed_by, finding.why), ("take_over", self.ada, "Looked at both"))
        entry = Entry.objects.get(action="billing.finding_settled")
        self.assertEqual((entry.actor_id, entry.why), (self.ada.pk, "Looked at both"))

    def test_what_both_sides_tell_later_closes_what_was_open(self) -> None:
        payment = self.attempt()
        self.run_it()
        payments.confirm(payment, Taken(payment.total, "USD", f"pi_{payment.pk}"))
        self.assertEqual(self.found(), [])
        self.assertEqual(self.one("only_theirs").deed, "fits_now")

    def test_a_deed_is_done_once(self) -> None:
        self.attempt()
        self.run_it()
        finding = self.act(self.one("only_theirs"), "take_over")
        with self.assertRaises(deeds.CannotBe):
            self.act(finding, "take_over")

    def test_asked_again_the_gateway_may_say_what_we_say(self) -> None:
        payment = self.only_ours()
        self.run_it()
        finding = self.act(self.one("only_ours"), "ask")
        self.assertTrue(finding.is_open)
        Scripted.facts.append(Said(payment.total, "USD", payment.transaction_id or ""))
        self.assertEqual(self.act(finding, "ask").deed, "fits_now")

    def test_what_was_paid_is_opened_with_one_click_or_it_is_said_why_not(self) -> None:
        payment = self.bought()
        ToyKind().put(payment.order.lines.get(), "released")
        self.run_it()
        finding = self.one("not_opened")
        ToyKind.catalogue.pop(1)
        with self.assertRaisesMessage(deeds.CannotBe, "not made any more"):
            self.act(finding, "open")
        ToyKind.catalogue[1] = Toy()
        self.act(finding, "open")
        self.assertEqual(states(payment.order), ["confirmed"])

    def test_what_is_not_paid_is_taken_back_unless_it_is_paid_by_then(self) -> None:
        order = self.placed(1)
        ToyKind().put(order.lines.get(), "confirmed")
        Order.objects.filter(pk=order.pk).update(held_until=self.noon)
        self.run_it()
        self.act(self.one("not_paid"), "release")
        self.assertEqual(states(order), ["released"])
        again = self.bought()
        wrong = Finding(verdict="not_paid", order=again.order, line=again.order.lines.get(), book=Book.objects.first())
        wrong.save()
        with self.assertRaisesMessage(deeds.CannotBe, "paid for by now"):
            self.act(wrong, "release")

    def test_what_is_explained_once_is_explained_in_later_runs(self) -> None:
        self.only_ours()
        self.run_it()
        self.act(self.one("only_ours"), "explained", "Paid by their other account")
        run = self.run_it()
        later = Finding.objects.get(book__run=run)
        self.assertEqual(
            (later.verdict, later.deed, later.why), ("only_ours", "explained", "Paid by their other account")
        )

    def test_the_same_finding_of_two_runs_is_settled_in_both(self) -> None:
        self.only_ours()
        self.run_it()
        self.run_it()
        self.act(self.one("only_ours"), "explained")
        self.assertFalse(Finding.objects.open().exists())

    def test_only_what_makes_sense_is_offered(self) -> None:
        Scripted.theirs.append(Movement("payment", "pi_other", Decimal(5), "USD", self.noon))
        self.run_it()
        self.assertEqual([deed.name for deed in deeds.possible(self.one("only_theirs"))], ["explained"])


class QuestionsTest(ReconcilingTestCase):
    def asked(self) -> Question:
        self.only_ours()
        self.run_it()
        self.act(self.one("only_ours"), "ask_payer", "Did your bank take it back?")
        return Question.objects.get()

    def test_the_payer_is_asked_by_mail_answers_on_a_page_and_the_office_has_a_case(self) -> None:
        question = self.asked()
        self.assertEqual(Message.objects.get(template="billing.question").to, "pat@example.org")
        address = questions.address(question)
        self.assertContains(self.client.get(address), "Did your bank take it back?")
        self.assertEqual(self.client.post(address, {"answer": ""}).status_code, 400)
        self.assertRedirects(self.client.post(address, {"answer": "Yes, by mistake."}), address)
        self.client.post(address, {"answer": "Something else"})
        case = Case.objects.get()
        self.assertEqual((case.kind, case.order), (Case.Kind.ANSWERED, question.order))
        self.assertIn("Yes, by mistake.", case.text)
        self.assertContains(self.client.get(address), "Yes, by mistake.")

    def test_without_the_mailed_link_there_is_no_such_page(self) -> None:
        question = self.asked()
        other = links.make(questions.PURPOSE, question.pk, "another")
        for token in (question.pk, "x", links.make("order", question.pk, question.nonce), other):
            self.assertEqual(self.client.get(reverse("order_question", args=[token])).status_code, 404)

    def test_an_order_without_an_address_asks_nobody(self) -> None:
        payment = self.only_ours()
        Order.objects.filter(pk=payment.order_id).update(payer_email="")
        self.run_it()
        with self.assertRaisesMessage(deeds.CannotBe, "names no address"):
            self.act(self.one("only_ours"), "ask_payer")


class NightlyTest(ReconcilingTestCase):
    def night(self) -> None:
        Reconciliation.objects.create(since=self.today - YESTERDAY, until=self.today - YESTERDAY, cut=timezone.now())
        nightly.begin()
        run_all()

    def digests(self) -> list[str]:
        return list(Message.objects.filter(template="billing.differences").values_list("to", flat=True))

    def test_nothing_is_mailed_when_everything_fits(self) -> None:
        self.bought()
        self.night()
        self.assertEqual((self.digests(), Reconciliation.objects.filter(ended_at__isnull=False).count()), ([], 1))

    def test_whoever_may_settle_it_is_told_once_what_is_off(self) -> None:
        self.only_ours()
        self.night()
        nightly.tell(Reconciliation.objects.latest("pk").pk)
        self.assertEqual(self.digests(), [self.ada.email])

    @override_settings(DIFFERENCES_TO="books@example.org")
    def test_the_setting_names_who_is_told_also_of_a_gateway_that_could_not_be_read(self) -> None:
        Scripted.trouble.append(Permanent("It refuses our key."))
        self.night()
        self.assertEqual(self.digests(), ["books@example.org"])

    def test_nights_that_were_missed_are_made_up_for_and_none_is_run_twice(self) -> None:
        self.night()
        run = Reconciliation.objects.latest("pk")
        self.assertEqual((run.since, run.until), (self.today, dates.today() - YESTERDAY))
        nightly.begin()
        self.assertEqual(Reconciliation.objects.count(), 2)

    def test_a_persons_own_run_mails_nobody(self) -> None:
        self.only_ours()
        self.run_it()
        self.assertEqual(self.digests(), [])

    def test_old_runs_go_when_nothing_in_them_waits_or_was_explained(self) -> None:
        self.bought()
        done = self.run_it()
        self.only_ours()
        waits = self.run_it()
        Reconciliation.objects.update(ended_at=timezone.now() - timedelta(days=500))
        nightly.tidy()
        self.assertEqual(list(Reconciliation.objects.all()), [waits])
        self.assertFalse(Finding.objects.filter(book__run=done).exists())

    def test_nothing_is_fetched_in_a_request(self) -> None:
        self.log_in(self.ada)
        days = {"since": self.today.isoformat(), "until": self.today.isoformat()}
        response = self.client.post(reverse("desk_reconciliations"), days)
        run = Reconciliation.objects.get()
        self.assertRedirects(response, reverse("desk_reconciliation", args=[run.pk]))
        self.assertEqual((Scripted.asked, Delivery.objects.filter(state="waiting").count()), ([], 2))
