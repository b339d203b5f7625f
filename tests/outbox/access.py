from types import SimpleNamespace

from django.db import transaction

from demo_lms import events
from outbox.domain import emit
from outbox.models import Delivery, DeliveryState
from outbox.testing import run_all
from tests.access import EVERYBODY, OFFICE, Row

HANDLED = "login 403 403 403 403 302"


def stage(school: SimpleNamespace) -> None:
    with transaction.atomic():
        emit(events.TESTED, key="stage", run="stage", sender="Something")
    run_all()
    school.parked = Delivery.objects.get(state=DeliveryState.PARKED)


ROWS = [
    Row("desk_queue", OFFICE),
    Row("desk_queue", OFFICE, query="?state=done", note="done"),
    Row("desk_delivery", OFFICE, args=lambda school: [school.parked.pk]),
    Row(
        "desk_delivery_handle",
        "405   405 405 405 405 405",
        post=HANDLED,
        args=lambda school: [school.parked.pk],
        data=lambda school: {"why": "Tried by hand.", "action": "retry"},
    ),
    Row("desk_story", OFFICE, args=lambda school: ["demo_test", "stage"]),
    Row("healthz", EVERYBODY, browse=False),
]
