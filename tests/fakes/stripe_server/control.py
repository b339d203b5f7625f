"""The other side's levers, under /_control/: what a payer's bank, the dashboard and the network do."""

from typing import TYPE_CHECKING

from tests.fakes.imitation import Levers
from tests.fakes.stripe_server.books import shown

if TYPE_CHECKING:
    from tests.fakes.stripe_server.server import Stripe


def levers(fake: "Stripe") -> Levers:
    """Each takes a JSON object and answers with one; `GET /_control/` lists them."""
    books = fake.books
    return fake.common_levers() | {
        "things": lambda wanted: [shown(each) for each in books.every(wanted["object"])],
        "events": lambda wanted: [notice.event for notice in fake.webhooks.told],
        "pay": lambda wanted: books.pay(**wanted),
        "pay-from-bank": lambda wanted: books.pay_from_bank(**wanted),
        "settle": lambda wanted: books.settle(**wanted),
        "expire": lambda wanted: shown(books.expire(**wanted)),
        "refund": lambda wanted: shown(books.refund(wanted)),
        "settle-refund": lambda wanted: books.settle_refund(**wanted),
        "dispute": lambda wanted: shown(books.dispute(**wanted)),
        "close-dispute": lambda wanted: books.close_dispute(**wanted),
        "pay-out": lambda wanted: shown(books.pay_out()),
        "short-of-money": lambda wanted: setattr(books, "short", wanted["on"]),
        "forward": lambda wanted: fake.forward(wanted["seconds"]),
        "webhooks-to": lambda wanted: fake.send_webhooks_to(wanted["url"]),
    }
