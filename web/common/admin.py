from typing import Any

from django.http import HttpRequest


class ReadOnlyAdmin:
    """For admin pages and inlines on which nobody adds, changes or deletes anything."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
