"""One student of the demo school who moved to another class, and one who gave a spot to a friend."""

from django.utils import timezone

from classwork.domain.places import moving, passing
from classwork.domain.places.attendees import TypedPerson
from classwork.domain.places.moving import DeskOverride, TransferRequest
from classwork.models import Registration, Session
from users.models import User

State = Registration.State


def load() -> None:
    if Registration.objects.filter(state=State.TRANSFERRED).exists():
        return
    ada = User.objects.get(email="ada@example.org")
    following = Session.objects.latest("key_day_date")
    beginner_offer = following.offers.get(subject__level__code="Beg", subject__version="A")
    registrations = Registration.objects.filter(offer=beginner_offer, student__last_name="Demo", state=State.CONFIRMED)
    mover, giver = registrations.order_by("pk")[:2]
    wish = TransferRequest(following.offers.get(subject__level__code="Beg", subject__version="B"))
    actor, now = DeskOverride(ada, "Works late on that evening now"), timezone.now()
    moving.transfer_to_class(mover, wish, actor, now, seen=moving.quote_transfer(mover, wish, actor, now).fingerprint)
    passing.transfer_to_person(
        giver,
        TypedPerson("Rosa", "Demo", "rosa.demo@example.org"),
        DeskOverride(ada, "Hurt a knee, a friend comes"),
        now,
    )
