"""What the office does with other people's accounts. The history records who did it and why."""

from typing import Any

from django.db import transaction

from common import links as nonces
from common import names
from history.domain import record_action
from mailroom.domain import draft_message
from users.domain import accounts
from users.models import Student, User


@transaction.atomic
def add_person(actor: User, account: User, *, attends: bool, send_link: bool) -> None:
    account.set_unusable_password()
    account.save()
    record_action(actor, "users.account_added", account)
    if attends:
        Student.objects.create(
            user=account, first_name=account.first_name, last_name=account.last_name, email=account.email
        )
    if send_link:
        accounts.send_link(actor, account)


@transaction.atomic
def correct_account(actor: User, account: User, changed: list[str]) -> None:
    """A new address counts as not confirmed, and links that were sent to the old one stop working."""
    if "email" in changed:
        old_email = User.objects.values_list("email", flat=True).get(pk=account.pk)
        account.email = names.email_key(account.email)
        account.email_confirmed_at, account.new_email, account.link_nonce = None, "", nonces.new_nonce()
        draft_message("users.email_changed", to=old_email, key=account.link_nonce, data={"user_id": account.pk})
    account.save()
    values: dict[str, Any] = {"first_name": account.first_name, "last_name": account.last_name, "email": account.email}
    for student in Student.objects.filter(user=account):
        for name, value in values.items():
            setattr(student, name, value)
        student.save()
    record_action(actor, "users.account_changed", account, fields=sorted(changed))
