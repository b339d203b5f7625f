"""The one kind of link that opens an account: to set its first password, to claim it, or to choose a new password.

The token contains the account's id and nonce. Using the link changes the nonce, so that each link works once. The URL
is built when a mail is rendered for sending, and it is never stored.
"""

from datetime import timedelta
from enum import StrEnum

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from common import links, names
from mailroom.domain import draft_message
from users.models import User

PURPOSE = "account"
FOREVER = timedelta(days=36500)


class LinkProblem(StrEnum):
    """The reasons why a link does not open its account."""

    BAD = "bad"
    EXPIRED = "expired"
    USED = "used"
    CLOSED = "closed"

    @property
    def is_incomplete(self) -> bool:
        return self is LinkProblem.BAD

    @property
    def is_expired(self) -> bool:
        return self is LinkProblem.EXPIRED

    @property
    def is_used(self) -> bool:
        return self is LinkProblem.USED

    @property
    def is_closed(self) -> bool:
        return self is LinkProblem.CLOSED


class LinkTokens:
    """The token generator that Django's password views need."""

    def make_token(self, user: User) -> str:
        return links.sign_token(PURPOSE, user.pk, user.link_nonce)

    def check_token(self, user: User | None, token: str | None) -> bool:
        return link_problem(user, token) is None


def link_lifetime() -> timedelta:
    return timedelta(days=settings.ACCOUNT_ACTIVATION_DAYS)


def encoded_user_id(user: User) -> str:
    return urlsafe_base64_encode(force_bytes(user.pk))


def password_link_url(user: User) -> str:
    path = reverse("password_reset_confirm", args=[encoded_user_id(user), LinkTokens().make_token(user)])
    return f"{settings.SITE_URL}{path}"


def link_problem(user: User | None, text: str | None) -> LinkProblem | None:
    try:
        token = links.read_token(PURPOSE, text or "", FOREVER)
    except links.LinkInvalid:
        return LinkProblem.BAD
    if user is None or token.pk != user.pk:
        return LinkProblem.BAD
    if not user.is_active:
        return LinkProblem.CLOSED
    if not links.nonce_matches(token.nonce, user.link_nonce):
        return LinkProblem.USED
    try:
        links.read_token(PURPOSE, text or "", link_lifetime())
    except links.LinkExpired:
        return LinkProblem.EXPIRED
    return None


def daily_mail_key() -> str:
    """In a mail's key, this limits such mails to one a day for each address, no matter who asks for them."""
    return timezone.localdate().isoformat()


def mail_password_link(email: str) -> None:
    """Mail a link to the owner of an address.

    What the mail says (no such account, closed, first password, new password) is decided when it is rendered. The work
    done here, and therefore the response to the visitor, is the same for every address. The nonce in the key allows a
    second mail on the same day once the owner has used the first link.
    """
    email = names.email_key(email)
    nonce = User.objects.filter(email=email).values_list("link_nonce", flat=True).first()
    draft_message("users.link", to=email, key=f"{daily_mail_key()}:{nonce or ''}")
