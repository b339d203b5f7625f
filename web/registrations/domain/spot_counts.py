"""The numbers that decide whether a class has a spot, counted in one statement for any number of classes."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db import connection

from registrations.rules.role_balance import Counts, RoleCapacity

# Written by hand, because Django would compile the same union anew for each page, which takes longer than to run it.
# Each row has the class, what it counts, a text, a number (empty for "no limit") and a key. A registration counts if
# Registration.takes_a_spot; one for a single meeting only until that day begins, and not if the day is canceled.
COUNT_SPOTS = """
WITH classes (id) AS (VALUES {classes})
SELECT role.class_offer_id, 'role', role.name, role.capacity, role.id
  FROM classes JOIN classwork_classrole role ON role.class_offer_id = classes.id
UNION ALL
SELECT balance.class_offer_id, 'balance', CAST(balance.ratio AS text), balance.most_apart, balance.active_from
  FROM classes JOIN classwork_rolebalance balance ON balance.class_offer_id = classes.id
UNION ALL
SELECT spot.class_offer_id, 'taken', spot.role, COUNT(*), COALESCE(spot.meeting_id, 0)
  FROM classes
  JOIN registrations_registration spot ON spot.class_offer_id = classes.id
  LEFT JOIN classwork_meeting day ON day.id = spot.meeting_id
  LEFT JOIN billing_orderline line ON line.id = spot.line_id AND spot.state = 'held'
  LEFT JOIN billing_order held ON held.id = line.order_id AND held.state = 'placed'
 WHERE spot.state IN ('held', 'confirmed', 'on_hold')
   AND (held.held_until IS NULL OR held.held_until > %(now)s)
   AND (spot.meeting_id IS NULL OR day.starts_at > %(now)s AND day.canceled_at IS NULL)
   AND spot.id NOT IN ({excluded})
 GROUP BY spot.class_offer_id, spot.role, spot.meeting_id
UNION ALL
SELECT entry.class_offer_id, 'offered', CAST(entry.offered_roles AS text), entry.size, entry.id
  FROM classes JOIN registrations_waitlistentry entry ON entry.class_offer_id = classes.id
 WHERE entry.state = 'offered' AND entry.offer_expires_at > %(now)s
UNION ALL
SELECT entry.class_offer_id, 'waitlist', entry.state, COUNT(*), 0
  FROM classes JOIN registrations_waitlistentry entry ON entry.class_offer_id = classes.id
 WHERE entry.state IN ('waiting', 'offered')
 GROUP BY entry.class_offer_id, entry.state
"""


@dataclass(frozen=True)
class BalanceRule:
    most_apart: int | None = None
    ratio: Decimal | None = None
    active_from: int = 0


@dataclass
class SpotCounts:
    """The spots of one class that are taken for all meetings (or offered to its waitlist) and for each single one."""

    roles: list[RoleCapacity] = field(default_factory=list)
    balance: BalanceRule = BalanceRule()
    taken: Counter[str] = field(default_factory=Counter)
    guests: dict[int, Counter[str]] = field(default_factory=dict)
    """By the ids of the meetings to come, and by role."""
    waiting: int = 0
    on_waitlist: int = 0
    """The entries that wait or have an offer, even one that has expired."""

    def guests_of(self, meeting_id: int) -> Counts:
        return self.guests.get(meeting_id, {})

    def add(self, what: str, text: str, number: int | None, key: int) -> None:
        match what:
            case "role":
                self.roles.append(RoleCapacity(text, number))
            case "balance":
                self.balance = BalanceRule(number, Decimal(text) if text else None, key)
            case "taken":
                counts = self.guests.setdefault(key, Counter()) if key else self.taken
                counts[text] += number or 0
            case "offered":
                self.taken.update(json.loads(text))
            case "waitlist":
                self.on_waitlist += number or 0
                self.waiting += number or 0 if text == "waiting" else 0


def count_spots(
    class_offer_ids: Iterable[int], at: datetime, *, without: Collection[int] = ()
) -> Mapping[int, SpotCounts]:
    """Leaves out the registrations in `without`."""
    counts = {class_offer_id: SpotCounts() for class_offer_id in class_offer_ids}
    if not counts:
        return counts
    classes = {f"class_{number}": class_offer_id for number, class_offer_id in enumerate(counts)}
    excluded = {f"excluded_{number}": pk for number, pk in enumerate([0, *without])}
    statement = COUNT_SPOTS.format(
        classes=", ".join(f"(%({name})s)" for name in classes), excluded=", ".join(f"%({name})s" for name in excluded)
    )
    with connection.cursor() as cursor:
        now = connection.ops.adapt_datetimefield_value(at)
        cursor.execute(statement, {"now": now, **classes, **excluded})
        rows = cursor.fetchall()
    for class_offer_id, *row in sorted(rows, key=lambda row: row[4]):  # The roles keep the order of their ids.
        counts[class_offer_id].add(*row)
    return counts
