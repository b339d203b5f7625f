"""One student of the demo school who moved to another class, and one who gave a spot to a friend."""

from django.utils import timezone

from classwork.models import Session
from registrations.domain.attendees import TypedPerson
from registrations.domain.transfers import to_class, to_person
from registrations.domain.transfers.to_class import DeskOverride, TransferRequest
from registrations.models import Registration
from users.models import User

State = Registration.State


def load() -> None:
    if Registration.objects.filter(state=State.TRANSFERRED).exists():
        return
    ada = User.objects.get(email="ada@example.org")
    following = Session.objects.latest("key_day_date")
    beginner_offer = following.class_offers.get(subject__level__code="Beg", subject__version="A")
    registrations = Registration.objects.whole_class().confirmed()
    registrations = registrations.filter(class_offer=beginner_offer, student__last_name="Demo")
    mover, giver = registrations.order_by("pk")[:2]
    wish = TransferRequest(following.class_offers.get(subject__level__code="Beg", subject__version="B"))
    actor, now = DeskOverride(ada, "Works late on that evening now"), timezone.now()
    to_class.transfer_to_class(
        mover, wish, actor, now, seen=to_class.plan_transfer(mover, wish, actor, now).fingerprint
    )
    to_person.transfer_to_person(
        giver,
        TypedPerson("Rosa", "Demo", "rosa.demo@example.org"),
        DeskOverride(ada, "Hurt a knee, a friend comes"),
        now,
    )
