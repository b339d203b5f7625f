from typing import Any

from django.apps.registry import Apps

from users.domain import roles


def grant_roles(apps: Apps, **kwargs: Any) -> None:
    """After a migrate; one that stops halfway may have no table for it yet."""
    try:
        apps.get_model("users", "Grant")
    except LookupError:
        return
    roles.grant_declared()
