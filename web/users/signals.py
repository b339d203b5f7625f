from typing import Any

from django.apps import apps as installed
from django.apps.registry import Apps

from users.domain import roles


def grant_roles(apps: Apps = installed, **kwargs: Any) -> None:
    # A migrate may have stopped before the table exists, and a flush sends the signal without apps.
    try:
        apps.get_model("users", "Grant")
    except LookupError:
        return
    roles.grant_declared()
