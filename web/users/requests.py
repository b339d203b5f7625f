from django.http import HttpRequest

from users.models import User


class AccountRequest(HttpRequest):
    """A request behind `login_required`, whose user is always an account."""

    user: User
