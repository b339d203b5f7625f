"""Billing's receivers for signals of Django and of django-payments."""

from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest
from payments.signals import status_changed

from billing import session_cart
from billing.domain.payments import attempts
from billing.models import Payment
from users.models import User


@receiver(status_changed, sender=Payment, dispatch_uid="billing.payment_changed")
def apply_payment_status_change(instance: Payment, **kwargs: Any) -> None:
    attempts.apply_status_change(instance.order, instance)


@receiver(user_logged_in, dispatch_uid="billing.merge_carts")
def merge_carts_on_login(request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    if request is not None:
        session_cart.merge_carts_after_login(request, user)
