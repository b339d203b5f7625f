from typing import Any

from django.http import HttpRequest


class ReadOnlyAdmin:
    """Admin pages and inlines with this base class allow nobody to add, change or delete anything."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
