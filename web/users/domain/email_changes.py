"""A new e-mail address counts once its owner has shown, logged in, that mail sent there arrives."""

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from common import links as nonces
from common import names
from mailroom.domain import draft, preferences
from users.domain import account_links
from users.models import Student, User


class Unfit(Exception):
    """The link is old, used, mangled, or for another account or address."""


class Taken(Exception):
    """Another account has come to use the address."""


def _purpose(user: User) -> str:
    """With the address in it, a link confirms that address and no other."""
    return f"email.{user.new_email}"


def address(user: User) -> str:
    token = nonces.make(_purpose(user), user.pk, user.link_nonce)
    return f"{settings.SITE_URL}{reverse('email_confirm', args=[token])}"


def fits(user: User, text: str) -> bool:
    try:
        token = nonces.read(_purpose(user), text, account_links.age())
    except nonces.Bad:
        return False
    return bool(user.new_email) and token.pk == user.pk and nonces.fits(token.nonce, user.link_nonce)


@transaction.atomic
def ask_change(user: User, email: str) -> None:
    """Whether the address is free is looked at when the mail is rendered: the asker is not told."""
    user.new_email = names.email_key(email)
    user.save(update_fields=["new_email"])
    draft(
        "users.new_email",
        to=user.new_email,
        key=f"{account_links.today()}:{user.link_nonce}",
        data={"user_id": user.pk},
    )


def confirm(user: User, text: str) -> str:
    """Returns the old address, which is told of the change."""
    try:
        with transaction.atomic():
            return _confirm(User.objects.select_for_update().get(pk=user.pk), text)
    except IntegrityError:
        raise Taken from None


def _confirm(user: User, text: str) -> str:
    if not fits(user, text):
        raise Unfit
    old, user.email, user.new_email = user.email, user.new_email, ""
    user.email_confirmed_at = timezone.now()
    user.link_nonce = nonces.new_nonce()
    user.save(update_fields=["email", "new_email", "email_confirmed_at", "link_nonce"])
    Student.objects.filter(user=user).update(email=user.email)
    preferences.follow(old, user.email)
    draft("users.email_changed", to=old, key=user.link_nonce, data={"user_id": user.pk})
    return old
