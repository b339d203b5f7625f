"""The school's own names for the ways to attend a class, how many of each, and how far they may be apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from classwork.domain.places import room
from classwork.domain.places.waiting import queue
from classwork.domain.places.waiting.balance import Role
from classwork.models import Balance, ClassOffer, OfferRole, Registration, WaitingEntry
from history.domain import record
from users.models import User


class InUse(Exception):
    """Somebody has a place in this role, or waits for one."""


@dataclass(frozen=True)
class Apart:
    """How far the roles may be apart; nothing set means however far."""

    most: int | None = None
    ratio: Decimal | None = None
    active_from: int = 0

    @property
    def is_set(self) -> bool:
        return self.most is not None or self.ratio is not None


@transaction.atomic
def arrange(offer: ClassOffer, roles: Sequence[Role], apart: Apart, by: User) -> None:
    """Who has a place keeps it; whoever fits by the new rules is offered one at once."""
    offer = room.lock(offer.pk)
    names = [role.name for role in roles]
    if lost := _in_use(offer) - {*names} - {""}:
        raise InUse(
            f"There are registrations or waitlist entries as {', '.join(sorted(lost))}, so this role can’t be removed."
        )
    OfferRole.objects.filter(offer=offer).exclude(name__in=names).delete()
    for role in roles:
        OfferRole.objects.update_or_create(offer=offer, name=role.name, defaults={"capacity": role.capacity})
    if apart.is_set:
        values = {"most_apart": apart.most, "ratio": apart.ratio, "active_from": apart.active_from}
        Balance.objects.update_or_create(offer=offer, defaults=values)
    else:
        Balance.objects.filter(offer=offer).delete()
    record(by, "classwork.roles_arranged", offer, roles=names, most_apart=apart.most, ratio=str(apart.ratio or ""))
    queue.advance(ClassOffer.objects.get(pk=offer.pk), timezone.now())


def _in_use(offer: ClassOffer) -> set[str]:
    wanted = WaitingEntry.objects.filter(offer=offer).live().values_list("wanted", flat=True)
    placed = Registration.objects.live().filter(offer=offer).values_list("role", flat=True)
    return {*placed, *(role for roles in wanted for role in roles if role != "either")}
