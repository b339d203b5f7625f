from django.http import HttpRequest

from users.models import User


class MemberRequest(HttpRequest):
    """A request behind `login_required`: its user is an account."""

    user: User
