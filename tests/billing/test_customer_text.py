"""Sentences that payers read on receipts, in refund quotes and in mail."""

from typing import Any

from django.test import SimpleTestCase
from django.utils import timezone

from billing import gateways, mails
from billing.domain.cancellations import cancellation_options, quoted_cancellation
from billing.gateways.stripe import Stripe
from billing.models import Credit, OrderLine, Payment
from mailroom import registry
from mailroom.domain import rendered_mail
from mailroom.models import Message
from tests.billing.base import BillingTestCase
from tests.billing.toys import ToyKind


class LineCanceledMailTest(BillingTestCase):
    def mail(self, line: OrderLine) -> tuple[str, str]:
        mail = registry.declared_mails()["billing.line_canceled"]
        message = Message(template=mail.name, data={"order_id": line.order_id, "line_id": line.pk})
        letter = rendered_mail.render_mail(
            mail, rendered_mail.shipped_mail_text(mail), mails.canceled_line_context(message)
        )
        return letter.subject, letter.text

    def test_canceled_line_mail_promises_a_refund_mail_only_if_there_is_a_refund(self) -> None:
        promise = "We’ll email you when your refund has been sent."
        for percent in ("100", "0"):
            with self.subTest(percent):
                ToyKind.catalogue[1].percent_back = percent
                order = self.place_new_order(1, 2)
                self.pay_order(order)
                line = order.lines.get(product_id=1)
                [option] = cancellation_options.options_for_lines(order, [line], self.now)
                quoted_cancellation.cancel_as_quoted(
                    order,
                    option,
                    self.now,
                    seen=quoted_cancellation.quote_cancellation(order, option, self.now).fingerprint,
                )
                line.refresh_from_db()
                subject, text = self.mail(line)
                self.assertIn("Toy 1 is canceled", subject)
                self.assertEqual(promise in text, percent == "100")
                self.assertNotIn("If a refund is due", text)


class LineDetailTest(BillingTestCase):
    def test_line_detail_loses_its_final_period(self) -> None:
        order = self.place_new_order(1)
        order.lines.update(detail="Tuesdays. Needs 8 sign-ups, or you get a full refund.")
        [line] = mails.order_context(Message(data={"order_id": order.pk}))["lines"]()
        self.assertEqual(line["detail"], "Tuesdays. Needs 8 sign-ups, or you get a full refund")


class KeptAmountTextTest(BillingTestCase):
    def test_cancellation_page_without_a_refund_shows_the_kept_amount(self) -> None:
        ToyKind.catalogue[1].percent_back = "0"
        order = self.place_new_order(1, 2)
        self.pay_order(order)
        page = self.client.get(order.lines.get(product_id=1).cancel_address)
        self.assertContains(page, '<th scope="row">Kept under the cancellation policy</th>', html=True)
        self.assertContains(page, "No refund.")


class PaymentMethodTextTest(SimpleTestCase):
    def test_payment_method_text_names_the_method_that_was_used(self) -> None:
        gateway = Stripe("sk_test_x", ["whsec_x"])
        self.assertEqual(gateway.method_of(Payment()), "card")
        self.assertEqual(gateway.method_of(Payment(submitted_at=timezone.now())), "bank payment")
        self.assertEqual(gateways.method_of(Payment(variant="practice")), "Practice payment (no real money)")


class CreditTextTest(SimpleTestCase):
    def test_credit_entry_text_names_its_order_once(self) -> None:
        texts: list[tuple[Any, str]] = [
            ("spent", "Spent on order 45"),
            ("returned", "Came back from order 45"),
            ("instead", "Instead of a refund, order 45"),
        ]
        for reason, text in texts:
            self.assertEqual(Credit(reason=reason, order_id=45).reason_text, text)
        self.assertEqual(Credit(reason="given").reason_text, "Given by the school")
