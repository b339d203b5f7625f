"""A new email address takes effect once its owner, logged in, opens the link that was mailed to it."""

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
    """The link is old, used, damaged, or made for another account or address."""


class Taken(Exception):
    """Another account already uses the address."""


def _purpose(user: User) -> str:
    """The purpose contains the address, so that a link confirms that address and no other."""
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
    """Whether the address is free is checked when the mail is rendered, so that the person asking does not learn it."""
    user.new_email = names.email_key(email)
    user.save(update_fields=["new_email"])
    draft(
        "users.new_email",
        to=user.new_email,
        key=f"{account_links.today()}:{user.link_nonce}",
        data={"user_id": user.pk},
    )


def confirm(user: User, text: str) -> str:
    """Return the old address, which gets a mail about the change."""
    try:
        with transaction.atomic():
            user = User.objects.select_for_update().get(pk=user.pk)
            if not fits(user, text):
                raise Unfit
            old_email, user.email, user.new_email = user.email, user.new_email, ""
            user.email_confirmed_at = timezone.now()
            user.link_nonce = nonces.new_nonce()
            user.save(update_fields=["email", "new_email", "email_confirmed_at", "link_nonce"])
            Student.objects.filter(user=user).update(email=user.email)
            preferences.follow(old_email, user.email)
            draft("users.email_changed", to=old_email, key=user.link_nonce, data={"user_id": user.pk})
            return old_email
    except IntegrityError:
        raise Taken from None
