"""The base of the flow tests: visitors with browsers, and a worker that runs when the test says so."""

import re

from django.core import mail
from django.urls import reverse

from classwork.models import ClassOffer
from outbox.testing import delivery_problems, run_all
from tests.base import SchoolTestCase
from tests.classwork.cancellation_terms import usual
from tests.flows.visitor import Visitor

LINK = re.compile(r"https?://[^\s/]+(/[^\s)>\]]*)")


class FlowTestCase(SchoolTestCase):
    """Each flow goes through the pages and the worker only, as people and the site do; it looks at mail and pages."""

    def run_worker(self) -> list[mail.EmailMessage]:
        """Deliver everything that is due; returns the mail that was sent by it."""
        already_sent = len(mail.outbox)
        run_all()
        return list(mail.outbox[already_sent:])

    def tearDown(self) -> None:
        self.assertEqual(delivery_problems(), [])
        super().tearDown()

    def subjects_to(self, address: str, messages: list[mail.EmailMessage]) -> list[str]:
        return [str(message.subject) for message in messages if message.to == [address]]

    def link_in(self, message: mail.EmailMessage, part: str) -> str:
        """The first link of a mail whose path contains this."""
        return next(path for path in LINK.findall(str(message.body)) if part in path)

    def register(self, visitor: Visitor, class_offer: ClassOffer) -> Visitor:
        """From the page of a class to the checkout."""
        visitor.open(class_offer.get_absolute_url()).follow("Register")
        return visitor.press("Continue", {"who": "me"}).sees("Your order")

    def pay(self, visitor: Visitor, method: str = "practice", **payer: str) -> Visitor:
        """Complete the checkout. A member is not asked who pays, and a practice payment needs no other page."""
        known = {"payer_name": "Pat Payer", "payer_email": "pat@example.org"} if not visitor.user else {}
        button = "Complete order" if "Complete order" in visitor.text else "Pay $"
        return visitor.press(button, known | payer | {"method": method, "terms": "on"})

    def buy(self, visitor: Visitor, class_offer: ClassOffer, **payer: str) -> Visitor:
        return self.pay(self.register(visitor, class_offer), **payer).sees("Thank you")

    def fill_class_and_join_waitlist(self) -> tuple[Visitor, Visitor]:
        """Alice buys the only spot, and Zoe waits for it."""
        usual()
        ClassOffer.objects.update(capacity=1)
        alice = Visitor(self.alice)
        self.buy(alice, self.class_offer)
        zoe = Visitor().open(self.class_offer.get_absolute_url()).follow("Join the waitlist")
        zoe.press("Join the waitlist", {"first_name": "Zoe", "last_name": "Zed", "email": "zoe@example.org"})
        return alice, zoe

    def desk(self) -> Visitor:
        return Visitor(self.ada).open(reverse("desk"))
