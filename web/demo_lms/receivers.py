"""The receivers of the demonstration's events. The JSON responses show the names of these functions."""

import logging

from django.conf import settings

from common.errors import PermanentFailure
from demo_lms import events
from history.domain import record_action
from mailroom.domain import draft_message
from outbox.declare import runs_outside_transaction
from outbox.domain import emit
from outbox.models import Event

SAMPLE_ADDRESS = "demo@example.org"

log = logging.getLogger("demo_lms")


def test_receiver(event: Event) -> None:
    log.info("test_receiver was called with the sender argument %r.", event.payload.sender)


def test_receiver_exception(event: Event) -> None:
    log.info("test_receiver_exception was called with the sender argument %r.", event.payload.sender)
    raise PermanentFailure("This receiver of the demonstration always fails; set it aside.")


@runs_outside_transaction
def test_celery_signal_task(event: Event) -> None:
    log.info("test_celery_signal_task runs outside the request, after the sender argument %r.", event.payload.sender)


def demo_purchase_complete_order_history(event: Event) -> None:
    record_action(None, "demo_lms.order_recorded", event, order=event.payload.order)


def demo_purchase_complete_send_confirmation_email(event: Event) -> None:
    order = event.payload.order
    draft_message(
        "demo_lms.purchase_complete",
        to=settings.OFFICE_EMAIL or SAMPLE_ADDRESS,
        key=order,
        data={"order": order, "products": event.payload.products},
        about=("demo_order", order),
    )


def demo_purchase_complete_enroll_in_course(event: Event) -> None:
    # There is one event per product, so that each enrollment is retried and traced on its own.
    order = event.payload.order
    for product in event.payload.products:
        emit(events.PRODUCT_PURCHASED, key=f"{order}:{product}", order=order, product=product)


def enroll_in_product(event: Event) -> None:
    record_action(None, "demo_lms.enrolled", event, order=event.payload.order, product=event.payload.product)
