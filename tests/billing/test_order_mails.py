from django.template import Context
from django.template.loader import get_template

from billing import mails
from billing.domain.cancellations import line_cancellation
from billing.domain.orders import transitions
from billing.domain.payments import attempts
from billing.models import Order
from mailroom.declare import MailNotNeeded
from mailroom.models import Message
from outbox.testing import delivery_problems, run_all
from tests.billing.base import BillingTestCase
from tests.billing.toys import Toy, ToyKind

Due = Order.Due


class OrderMailsTest(BillingTestCase):
    def sent(self, order: Order) -> list[str]:
        run_all()
        self.assertEqual(delivery_problems(), [])
        messages = Message.objects.filter(about_type="order", about_id=str(order.pk)).order_by("pk")
        self.assertEqual({message.to for message in messages} - {"pat@example.org"}, set())
        return [message.template.removeprefix("billing.") for message in messages]

    def test_payer_who_pays_immediately_gets_one_receipt(self) -> None:
        order = self.place_new_order(1)
        self.pay_order(order)
        self.assertEqual(self.sent(order), ["receipt"])

    def render_mail(self, name: str, order: Order) -> str:
        [mail] = [mail for mail in mails.MAILS if mail.name == f"billing.{name}"]
        context = mail.context(Message(data={"order_id": order.pk}))
        return " ".join(get_template(mail.path).template.render(Context(context)).split())

    def test_only_an_order_with_a_balance_offers_online_payment(self) -> None:
        order = self.place_new_order(1, due=Due.DOOR)
        self.assertIn("[View order or pay online]", self.render_mail("order_received", order))
        self.pay_order(order)
        with self.assertRaises(MailNotNeeded):
            self.render_mail("order_received", order)

    def test_receipt_of_a_free_order_says_that_nothing_was_due_and_mentions_no_refund(self) -> None:
        ToyKind.catalogue[1] = Toy("0")
        order = self.place_new_order(1)
        self.assertEqual(order.state, Order.State.PAID)
        text = self.render_mail("receipt", order)
        self.assertIn("There was nothing to pay.", text)
        self.assertIn("Need to cancel?", text)
        for wrong in ("Paid in full", "refund", "Cancellation policy"):
            self.assertNotIn(wrong, text)

    def test_pay_at_the_door_order_gets_an_order_mail_and_later_a_receipt(self) -> None:
        order = self.place_new_order(1, due=Due.DOOR)
        self.assertEqual(self.sent(order), ["order_received"])
        self.pay_order(order)
        self.assertEqual(self.sent(order), ["order_received", "receipt"])

    def test_unpaid_order_gets_failure_reminder_and_expiration_mails(self) -> None:
        order = self.place_new_order(1)
        attempts.start_attempt(order, "practice", self.now).change_status("rejected")
        transitions.remind_of_expiring_holds(order.held_until)
        self.assertEqual(self.sent(order), ["payment_failed", "hold_reminder"])
        transitions.expire_overdue_holds(self.time_in_days(1))
        self.assertEqual(self.sent(order)[2:], ["order_expired"])

    def test_canceled_line_of_a_paid_order_gets_cancellation_and_refund_mails(self) -> None:
        order = self.place_new_order(1, 2)
        self.pay_order(order)
        line_cancellation.cancel_line(order.lines.first(), at=self.now, why="x")
        self.assertEqual(sorted(self.sent(order)), ["line_canceled", "receipt", "refund_completed"])

    def test_order_canceled_with_its_last_line_gets_one_mail(self) -> None:
        order = self.place_new_order(1, due=Due.DOOR)
        line_cancellation.cancel_line(order.lines.get(), at=self.now, why="x")
        self.assertEqual(self.sent(order)[1:], ["order_canceled"])

    def test_payment_request_is_not_mailed_when_nothing_is_due(self) -> None:
        order = self.place_new_order(1)
        message = Message(data={"order_id": order.pk})
        self.assertEqual(mails.payment_request_context(message)["owed"](), "$70.00")
        self.pay_order(order)
        with self.assertRaises(MailNotNeeded):
            mails.payment_request_context(message)

    def test_every_mail_renders_from_its_sample_and_from_an_order(self) -> None:
        order = self.place_new_order(1, 3, due=Due.DOOR)
        for mail in mails.MAILS:
            for context in (mail.sample(), mails.order_context(Message(data={"order_id": order.pk}))):
                text = get_template(mail.path).template.render(Context(dict(context)))
                self.assertTrue(text.startswith("Subject: "), mail.name)

    def test_links_in_mail_are_absolute_urls_that_open_the_order(self) -> None:
        order = self.place_new_order(1)
        link = mails.order_context(Message(data={"order_id": order.pk}))["link"]
        self.assertTrue(link.startswith("http://testserver/order/"))
        self.assertEqual(self.client.get(link).status_code, 200)
