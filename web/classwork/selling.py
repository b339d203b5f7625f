"""A place in a class, as something to buy."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.forms import Form

from billing.kinds import ZERO, Description, Facts, ProductKind, Terms, Unavailable
from billing.models import OrderLine
from classwork.domain.listed import Listed
from classwork.domain.places import attendees, joining, opening, registering, terms
from classwork.domain.places.attendees import Attendee
from classwork.domain.places.waiting import admission
from classwork.forms.places import RoleForm
from classwork.models import ClassOffer, Registration
from common import dates
from users.models import User


class PlaceKind(ProductKind):
    name = "place"

    def offer(self, line: OrderLine) -> ClassOffer:
        offer = ClassOffer.objects.for_lists().filter(pk=line.product_id).first()
        if offer is None:
            raise Unavailable("This class is not offered any more.")
        return offer

    def describe(self, line: OrderLine) -> Description:
        offer = self.offer(line)
        attendee = Attendee.of(line.details)
        who = attendees.name_of(attendee, line.order) if attendee else ""
        if role := line.details.get("role"):
            who = f"{who} ({role})"
        when = f"{offer.day} {offer.times}, {Listed(offer, dates.today()).dates}"
        return Description(offer.subject.title, f"{who}: {when}" if who else when, offer.get_absolute_url())

    def facts(self, line: OrderLine, at: datetime) -> Facts:
        offer = self.offer(line)
        attendee = Attendee.of(line.details)
        student = attendees.known(attendee, line.order) if attendee else None
        joins = joining.of(offer, at)
        return Facts(
            full=offer.full_price,
            less=joins.less,
            less_why=joins.words,
            prepay=ZERO if joins.is_late else offer.pre_pay_discount,
            multi=ZERO if joins.is_late else offer.multi_discount,
            attendee=attendees.identity(attendee, line.order) if attendee else "",
            student_id=student.pk if student else None,
            starts=opening.first_start(offer),
            at_the_door=offer.pay_at_door,
        )

    def problems(self, line: OrderLine, at: datetime) -> list[str]:
        offer = self.offer(line)
        by_desk = line.details.get("by_desk")
        closed = joining.at_the_desk(line, offer, at) if by_desk else opening.closed_because(offer, at)
        if closed:
            return [closed]
        full = admission.why_not(line, offer, at)
        return [*([full] if full else []), *self._about_people(line, offer)]

    def _about_people(self, line: OrderLine, offer: ClassOffer) -> list[str]:
        """What is in the cart was typed by the buyer; what is stored is told to whoever speaks for the student."""
        attendee = Attendee.of(line.details)
        if attendee is None:
            return ["Please say who attends."]
        if attendee.who == attendees.STUDENT and attendees.known(attendee, line.order) is None:
            return ["Please say anew who attends."]
        name, who = attendees.name_of(attendee, line.order), attendees.identity(attendee, line.order)
        before = line.order.lines.filter(kind=self.name, product_id=line.product_id, pk__lt=line.pk)
        earlier = [attendee for each in before if (attendee := Attendee.of(each.details))]
        if any(attendees.identity(one, line.order) == who for one in earlier):
            return [f"{name} is in your cart for this class already."]
        student = attendees.known(attendee, line.order)
        if student and Registration.objects.live().filter(student=student, offer=offer).exists():
            return [registering.ALREADY.format(name)]
        return []

    def step(self, line: OrderLine, viewer: User | None, data: Mapping[str, Any] | None) -> Form | None:
        """In which role; whoever was offered a place has one already."""
        offer = ClassOffer.objects.filter(pk=line.product_id).first()
        roles = [role.name for role in offer.roles.all()] if offer and "entry" not in line.details else []
        if not roles:
            return None
        return RoleForm(roles, data, prefix=f"line-{line.pk}", initial={"role": line.details.get("role", "")})

    def terms(self, line: OrderLine, at: datetime) -> Terms:
        return terms.of_offer(self.offer(line))

    def ends(self, line: OrderLine, rule: str) -> datetime | None:
        return terms.ends(rule, terms.starts(line.product_id))

    def used(self, line: OrderLine, at: datetime) -> Decimal:
        return terms.used(terms.starts(line.product_id), line.order.placed_at, at)

    def hold(self, line: OrderLine, until: datetime | None) -> None:
        registering.hold(line, until)

    def confirm(self, line: OrderLine) -> None:
        registering.confirm(line)

    def release(self, line: OrderLine, why: str) -> None:
        registering.release(line, why)

    def opened(self, lines: Sequence[OrderLine]) -> set[int]:
        """On hold counts: the place is theirs, only what comes with it is closed."""
        theirs = Registration.objects.filter(line__in=lines, state__in=registering.THEIRS)
        return {line for line in theirs.values_list("line", flat=True) if line is not None}
