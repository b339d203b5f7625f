"""A class's roles with their capacities, and the difference allowed between them."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from classwork.models import ClassOffer, ClassRole, RoleBalance
from history.domain import record_action
from registrations.domain import capacity, spot_offers
from registrations.errors import RegistrationRefused
from registrations.models import Registration, WaitlistEntry
from registrations.rules.role_balance import EITHER, RoleCapacity
from users.models import User


@dataclass(frozen=True)
class BalanceLimits:
    """The largest difference allowed between the roles. There is no limit if nothing is set."""

    most_apart: int | None = None
    ratio: Decimal | None = None
    active_from: int = 0

    @property
    def is_set(self) -> bool:
        return self.most_apart is not None or self.ratio is not None


@transaction.atomic
def set_class_roles(class_offer: ClassOffer, roles: Sequence[RoleCapacity], apart: BalanceLimits, by: User) -> None:
    """Existing registrations stay as they are. People on the waitlist who now fit are offered spots at once."""
    class_offer = capacity.lock_class(class_offer.pk)
    names = [role.name for role in roles]
    registered = Registration.objects.whole_class().live().filter(class_offer=class_offer)
    waiting = WaitlistEntry.objects.filter(class_offer=class_offer).live().values_list("requested_roles", flat=True)
    in_use = {
        *registered.values_list("role", flat=True),
        *(role for entry_roles in waiting for role in entry_roles if role != EITHER),
    }
    if removed := in_use - {*names, ""}:
        named = ", ".join(sorted(removed))
        raise RegistrationRefused(
            f"There are registrations or waitlist entries as {named}, so this role can’t be removed.", "role_in_use"
        )
    ClassRole.objects.filter(class_offer=class_offer).exclude(name__in=names).delete()
    for role in roles:
        ClassRole.objects.update_or_create(
            class_offer=class_offer, name=role.name, defaults={"capacity": role.capacity}
        )
    if apart.is_set:
        values = {"most_apart": apart.most_apart, "ratio": apart.ratio, "active_from": apart.active_from}
        RoleBalance.objects.update_or_create(class_offer=class_offer, defaults=values)
    else:
        RoleBalance.objects.filter(class_offer=class_offer).delete()
    record_action(
        by,
        "registrations.class_roles_changed",
        class_offer,
        roles=names,
        most_apart=apart.most_apart,
        ratio=str(apart.ratio or ""),
    )
    spot_offers.advance_waitlist(ClassOffer.objects.get(pk=class_offer.pk), timezone.now())
