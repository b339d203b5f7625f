"""The controls under /_control/: what the payer's bank, the dashboard and the network do."""

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.fakes.imitation import Controls

if TYPE_CHECKING:
    from tests.fakes.paypal_server.server import PayPal


def controls(fake: "PayPal") -> Controls:
    """Each takes a JSON object and answers with one; `GET /_control/` lists them."""
    books = fake.books
    return fake.common_controls() | {
        "violations": lambda params: fake.api.violations,
        "orders": lambda params: books.orders,
        "captures": lambda params: books.captures,
        "refunds": lambda params: books.refunds,
        "disputes": lambda params: books.disputes,
        "transactions": lambda params: books.rows,
        "approve": lambda params: books.approve(**params),
        "take-back-approval": lambda params: books.take_back_approval(**params),
        "settle": lambda params: books.settle(**params),
        "refund": lambda params: books.refund(params.pop("number"), params),
        "pending-refunds": lambda params: setattr(books, "pending_refunds", params["on"]),
        "settle-refund": lambda params: books.settle_refund(**params),
        "dispute": lambda params: books.dispute(**params),
        "update-dispute": lambda params: books.update_dispute(**params),
        "resolve": lambda params: books.resolve(**params),
        "end-tokens": lambda params: fake.api.tokens.clear(),
        "forward": lambda params: fake.forward(timedelta(seconds=params["seconds"])),
        "webhooks-to": lambda params: fake.send_webhooks_to(params["url"]),
    }
