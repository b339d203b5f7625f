"""When the desk received money that it records later. The time matters only if an early price ended that day."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from billing.domain.pricing import balances
from billing.errors import PaymentRefused
from billing.models import Order
from billing.rules.price_facts import PriceFacts
from common import dates
from common.formats import format_money, format_time

INSTANT = timedelta(microseconds=1)
ASK = "Was it received before or after class started?"


@dataclass(frozen=True)
class MomentChoice:
    day: date
    number: int
    moment: datetime
    text: str
    due: Decimal
    currency: str

    @property
    def value(self) -> str:
        return f"{self.day.isoformat()} {self.number}"

    @property
    def label(self) -> str:
        return f"{self.text}: {format_money(self.due, self.currency)}"


def moment_choices(order: Order, at: datetime) -> list[MomentChoice]:
    starts_by_day: dict[date, list[datetime]] = {}
    all_facts = [
        PriceFacts.from_json(line.price_facts or {"list_price": 0}) for line in order.lines.filter(canceled_at=None)
    ]
    early = [facts for facts in all_facts if facts.early_discount]
    for start in sorted(
        {facts.first_meeting_at for facts in early if facts.first_meeting_at and facts.first_meeting_at < at}
    ):
        starts_by_day.setdefault(dates.to_local_time(start).date(), []).append(start)
    choices = []
    for day, starts in starts_by_day.items():
        for number, moment in enumerate([dates.local_moment(day, time.min), *(start + INSTANT for start in starts)]):
            due = (
                balances.balance_if_reinstated(order, moment)
                if order.has_expired(moment)
                else balances.open_balance(order, moment)
            )
            choices.append(MomentChoice(day, number, moment, _choice_text(number, starts), due, order.currency))
    return choices


def _choice_text(number: int, starts: list[datetime]) -> str:
    times = [format_time(start) for start in starts]
    if len(starts) == 1:
        return f"Before class started ({times[0]})" if number == 0 else "After class started"
    if number == 0:
        return f"Before {times[0]}"
    return f"After {times[-1]}" if number == len(starts) else f"Between {times[number - 1]} and {times[number]}"


def received_moment_of(order: Order, received_on: date, at: datetime, chosen: datetime | None) -> datetime:
    """`chosen` counts only if the time of day matters. Raises PaymentRefused when it is missing then."""
    choices = [choice.moment for choice in moment_choices(order, at) if choice.day == received_on]
    if choices:
        if chosen not in choices:
            raise PaymentRefused(ASK, code="moment_needed")
        return chosen
    return at if received_on >= dates.to_local_time(at).date() else dates.local_moment(received_on, time.min)
