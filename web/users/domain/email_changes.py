"""A new email address takes effect once its owner, logged in, opens the link that was mailed to it."""

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from common import links as nonces
from common import names
from mailroom.domain import draft_message, preferences
from users.domain import account_links
from users.errors import EmailChangeRefused, EmailTaken
from users.models import Student, User


def _link_purpose(user: User) -> str:
    # The purpose contains the address, so that a link confirms that address and no other.
    return f"email.{user.new_email}"


def email_confirmation_url(user: User) -> str:
    token = nonces.sign_token(_link_purpose(user), user.pk, user.link_nonce)
    return f"{settings.SITE_URL}{reverse('email_confirm', args=[token])}"


def is_confirmation_valid(user: User, text: str) -> bool:
    try:
        token = nonces.read_token(_link_purpose(user), text, account_links.link_lifetime())
    except nonces.LinkInvalid:
        return False
    return bool(user.new_email) and token.pk == user.pk and nonces.nonce_matches(token.nonce, user.link_nonce)


@transaction.atomic
def request_email_change(user: User, email: str) -> None:
    # Whether the address is free is checked when the mail is rendered, so that the person asking does not learn it.
    user.new_email = names.email_key(email)
    user.save(update_fields=["new_email"])
    draft_message(
        "users.new_email",
        to=user.new_email,
        key=f"{account_links.daily_mail_key()}:{user.link_nonce}",
        data={"user_id": user.pk},
    )


def confirm_email(user: User, text: str) -> str:
    """Return the old address, which gets a mail about the change."""
    try:
        with transaction.atomic():
            user = User.objects.select_for_update().get(pk=user.pk)
            if not is_confirmation_valid(user, text):
                raise EmailChangeRefused
            old_email, user.email, user.new_email = user.email, user.new_email, ""
            user.email_confirmed_at = timezone.now()
            user.link_nonce = nonces.new_nonce()
            user.save(update_fields=["email", "new_email", "email_confirmed_at", "link_nonce"])
            Student.objects.filter(user=user).update(email=user.email)
            preferences.move_preferences(old_email, user.email)
            draft_message("users.email_changed", to=old_email, key=user.link_nonce, data={"user_id": user.pk})
            return old_email
    except IntegrityError:
        raise EmailTaken from None
