"""The other side's levers, under /_control/: what a payer's bank, the dashboard and the network do."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.fakes.stripe_server.books import shown

if TYPE_CHECKING:
    from tests.fakes.stripe_server.server import Stripe

Levers = dict[str, Callable[[dict[str, Any]], Any]]


def levers(fake: "Stripe") -> Levers:
    """Each takes a JSON object and answers with one; `GET /_control/` lists them."""
    books, webhooks = fake.books, fake.webhooks
    return {
        "requests": lambda wanted: [each.__dict__ for each in fake.requests],
        "things": lambda wanted: [shown(each) for each in books.every(wanted["object"])],
        "events": lambda wanted: [notice.event for notice in webhooks.told],
        "fault": lambda wanted: fake.faults.order(**wanted),
        "no-faults": lambda wanted: fake.faults.clear(),
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
        "hold-webhooks": lambda wanted: setattr(webhooks, "on_hold", True),
        "release-webhooks": lambda wanted: webhooks.release(),
        "reorder-webhooks": lambda wanted: webhooks.reorder(wanted["order"]),
        "copies-of-webhooks": lambda wanted: setattr(webhooks, "copies", wanted["copies"]),
    }
