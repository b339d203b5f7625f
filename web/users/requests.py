from django.http import HttpRequest

from users.models import User


class MemberRequest(HttpRequest):
    """A request behind `login_required`, whose user is always an account."""

    user: User
