from django.http import HttpRequest

from users.models import User


class AccountRequest(HttpRequest):
    """A request behind `account_page` and its like, whose user is always an account."""

    user: User
