from __future__ import annotations

from django.db import transaction

from classwork.models import Resource
from history.domain import record_action
from registrations.models import Opening, Registration
from users.models import User


def add_opening(by: User, resource: Resource, registration: Registration) -> None:
    with transaction.atomic():
        _, is_new = Opening.objects.get_or_create(registration=registration, resource=resource)
        if is_new:
            record_action(by, "registrations.resource_opened_for_student", resource, registration=registration.pk)


def remove_opening(by: User, resource: Resource, registration: Registration) -> None:
    with transaction.atomic():
        deleted, _ = Opening.objects.filter(registration=registration, resource=resource).delete()
        if deleted:
            record_action(by, "registrations.resource_closed_for_student", resource, registration=registration.pk)
