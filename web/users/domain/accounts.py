"""What can happen to an account, from sign-up to closing."""

from collections.abc import Mapping
from datetime import timedelta
from importlib import import_module

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from common import links as nonces
from common import names
from common.model_meta import is_referenced
from history.domain import record_action
from mailroom.domain import draft_message
from users.domain import account_links, consents
from users.errors import AccountLinkInvalid
from users.models import Student, User

KEEP_UNUSED = timedelta(days=60)


def prepare_account(email: str, first_name: str, last_name: str = "", agreed: Mapping[str, str] | None = None) -> None:
    """Create an account without a password unless the address has one. Both cases take one statement."""
    user = User(
        email=names.email_key(email),
        first_name=names.tidy_name(first_name),
        last_name=names.tidy_name(last_name),
        signup_consents=dict(agreed or {}),
    )
    user.set_unusable_password()
    User.objects.bulk_create([user], ignore_conflicts=True)


@transaction.atomic
def sign_up(email: str, first_name: str, last_name: str, agreed: Mapping[str, str]) -> None:
    """Do the same work for known and unknown addresses. What the mail says is decided when it is rendered."""
    prepare_account(email, first_name, last_name, agreed)
    draft_message("users.signup", to=names.email_key(email), key=account_links.daily_mail_key())


def delete_unused_accounts() -> None:
    before = timezone.now() - KEEP_UNUSED
    for user in User.objects.filter(email_confirmed_at=None, last_login=None, date_joined__lt=before).iterator():
        with transaction.atomic():
            if user.is_active and not user.has_usable_password() and not is_referenced(user):
                user.delete()


def clear_expired_sessions() -> None:
    # Django never deletes expired sessions by itself, and every visitor who filled a cart leaves one.
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()


@transaction.atomic
def choose_password(user: User, password: str, token: str) -> User:
    """Set the password with the mailed link. This also confirms the address and invalidates the link."""
    user = User.objects.select_for_update().get(pk=user.pk)
    if account_links.link_problem(user, token):
        raise AccountLinkInvalid
    had_password = user.has_usable_password()
    user.email_confirmed_at = user.email_confirmed_at or timezone.now()
    consents.give_consents(user, user.signup_consents)
    user.signup_consents = {}
    _set_password(user, password)
    if had_password:
        _mail_password_changed(user)
    return user


@transaction.atomic
def change_password(user: User, password: str) -> None:
    _set_password(user, password)
    _mail_password_changed(user)


def _set_password(user: User, password: str) -> None:
    user.set_password(password)
    user.link_nonce = nonces.new_nonce()
    user.save(update_fields=["password", "link_nonce", "email_confirmed_at", "signup_consents"])


def _mail_password_changed(user: User) -> None:
    draft_message(
        "users.password_changed", to=user.email, person_id=user.pk, key=user.link_nonce, about=("account", user.pk)
    )


@transaction.atomic
def rename_account(user: User, first_name: str, last_name: str) -> None:
    user.first_name, user.last_name = names.tidy_name(first_name), names.tidy_name(last_name)
    user.save(update_fields=["first_name", "last_name"])
    for student in Student.objects.filter(user=user):
        student.first_name, student.last_name = user.first_name, user.last_name
        student.save(update_fields=["first_name", "last_name"])


@transaction.atomic
def close_account(actor: User, user: User, why: str = "") -> None:
    """Nothing is deleted, and no link reopens the account: only the office can."""
    user.is_active = False
    user.link_nonce = nonces.new_nonce()
    user.new_email = ""
    user.save(update_fields=["is_active", "link_nonce", "new_email"])
    entry = record_action(actor, "users.account_closed", user, why=why)
    draft_message("users.closed", to=user.email, person_id=user.pk, key=str(entry.pk), about=("account", user.pk))


@transaction.atomic
def reopen_account(actor: User, user: User, why: str = "") -> None:
    user.is_active = True
    user.save(update_fields=["is_active"])
    record_action(actor, "users.account_opened", user, why=why)


@transaction.atomic
def send_link(actor: User, user: User) -> None:
    """Mail the owner a new link at once. The limit of one mail a day only applies to requests by visitors."""
    entry = record_action(actor, "users.link_sent", user)
    draft_message("users.link", to=user.email, person_id=user.pk, key=f"office:{entry.pk}", about=("account", user.pk))
