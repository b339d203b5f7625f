from typing import Any

from django.apps import apps as installed
from django.apps.registry import Apps

from users.domain import roles


def grant_roles(apps: Apps = installed, **kwargs: Any) -> None:
    """After a migrate, which may have stopped before there is a table for it; after a flush, which names no apps."""
    try:
        apps.get_model("users", "Grant")
    except LookupError:
        return
    roles.grant_declared()
