"""The controls under /_control/: what the payer's bank, the dashboard and the network do."""

from typing import TYPE_CHECKING

from tests.fakes.imitation import Controls
from tests.fakes.stripe_server.books import shown

if TYPE_CHECKING:
    from tests.fakes.stripe_server.server import Stripe


def controls(fake: "Stripe") -> Controls:
    """Each takes a JSON object and answers with one; `GET /_control/` lists them."""
    books = fake.books
    return fake.common_controls() | {
        "things": lambda params: [shown(each) for each in books.every(params["object"])],
        "events": lambda params: [notice.event for notice in fake.webhooks.all_messages],
        "pay": lambda params: books.pay(**params),
        "pay-from-bank": lambda params: books.pay_from_bank(**params),
        "settle": lambda params: books.settle(**params),
        "expire": lambda params: shown(books.expire(**params)),
        "refund": lambda params: shown(books.refund(params)),
        "settle-refund": lambda params: books.settle_refund(**params),
        "dispute": lambda params: shown(books.dispute(**params)),
        "close-dispute": lambda params: books.close_dispute(**params),
        "pay-out": lambda params: shown(books.pay_out()),
        "short-of-money": lambda params: setattr(books, "short", params["on"]),
        "forward": lambda params: fake.forward(params["seconds"]),
        "webhooks-to": lambda params: fake.send_webhooks_to(params["url"]),
    }
