"""The objects that Stripe stores, and its balance transactions."""

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.fakes.stripe_server.wire import StripeError, Wire, missing, new_id


@dataclass
class Books:
    url: str = ""
    send_event: Callable[[str, Wire], None] = lambda kind, about: None
    ahead: float = 0
    """How many seconds its clock is ahead."""
    short: bool = False
    """Whether the balance is too low for refunds."""
    things: dict[str, Wire] = field(default_factory=dict)

    def now(self) -> int:
        return int(time.time() + self.ahead)

    def add(self, prefix: str, kind: str, **more: object) -> Wire:
        number = new_id(prefix, 58 if kind == "checkout.session" else 24)
        known = {"id": number, "object": kind, "created": self.now(), "livemode": False, "metadata": {}}
        self.things[number] = known | more | {"_row": len(self.things)}
        return self.things[number]

    def find(self, kind: str, number: str) -> Wire:
        found = self.things.get(number)
        if found is None or found["object"] != kind:
            raise missing(kind.replace("checkout.", "checkout "), number)
        return found

    def every(self, kind: str, **params: object) -> list[Wire]:
        of_kind = [thing for thing in self.things.values() if thing["object"] == kind]
        return [thing for thing in of_kind if all(thing.get(name) == value for name, value in params.items())]

    def book(self, kind: str, source: str, amount: int, currency: str, *, fee: int = 0, category: str = "") -> Wire:
        return self.add(
            "txn",
            "balance_transaction",
            type=kind,
            source=source,
            amount=amount,
            fee=fee,
            net=amount - fee,
            currency=currency,
            exchange_rate=None,
            reporting_category=category or kind,
            status="available",
            available_on=self.now(),
        )

    def pay_out(self) -> Wire:
        """Pay out everything that is not paid out yet, in the currency of the first transaction."""
        waiting = [each for each in self.every("balance_transaction") if "_payout" not in each]
        currency = waiting[0]["currency"] if waiting else "usd"
        waiting = [each for each in waiting if each["currency"] == currency]
        total = sum(each["net"] for each in waiting)
        payout = self.add("po", "payout", amount=total, currency=currency, automatic=True, status="paid")
        payout["arrival_date"] = self.now()
        waiting.append(self.book("payout", payout["id"], -total, currency))
        for each in waiting:
            each["_payout"] = payout["id"]
        return payout


def check_metadata(given: Wire) -> None:
    if len(given) > 50 or any(len(name) > 40 or len(value) > 500 for name, value in given.items()):
        raise StripeError("Metadata: at most 50 keys of 40 characters, values of 500.", param="metadata")


def shown(thing: Wire) -> Wire:
    """Return a copy without the internal values, as Stripe shows the object."""
    return copy.deepcopy({name: value for name, value in thing.items() if not name.startswith("_")})
