"""The other side's levers, under /_control/: what a payer's bank, the dashboard and the network do."""

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.fakes.imitation import Levers

if TYPE_CHECKING:
    from tests.fakes.paypal_server.server import PayPal


def levers(fake: "PayPal") -> Levers:
    """Each takes a JSON object and answers with one; `GET /_control/` lists them."""
    books = fake.books
    return fake.common_levers() | {
        "violations": lambda wanted: fake.api.violations,
        "orders": lambda wanted: books.orders,
        "captures": lambda wanted: books.captures,
        "refunds": lambda wanted: books.refunds,
        "disputes": lambda wanted: books.disputes,
        "transactions": lambda wanted: books.rows,
        "approve": lambda wanted: books.approve(**wanted),
        "take-back-approval": lambda wanted: books.take_back_approval(**wanted),
        "settle": lambda wanted: books.settle(**wanted),
        "refund": lambda wanted: books.refund(wanted.pop("number"), wanted),
        "pending-refunds": lambda wanted: setattr(books, "pending_refunds", wanted["on"]),
        "settle-refund": lambda wanted: books.settle_refund(**wanted),
        "dispute": lambda wanted: books.dispute(**wanted),
        "update-dispute": lambda wanted: books.update_dispute(**wanted),
        "resolve": lambda wanted: books.resolve(**wanted),
        "end-tokens": lambda wanted: fake.api.tokens.clear(),
        "forward": lambda wanted: fake.forward(timedelta(seconds=wanted["seconds"])),
        "webhooks-to": lambda wanted: fake.send_webhooks_to(wanted["url"]),
    }
