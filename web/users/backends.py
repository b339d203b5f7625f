"""Log-in by password as Django has it, and what somebody may do asked in one query, where Django asks two.

Every page of somebody logged in asks it, for the links that it shows.
"""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Permission
from django.db.models import Q

from users.models import User


class Rights(ModelBackend):
    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        if not isinstance(user_obj, User) or not user_obj.is_active or obj is not None:
            return set()
        if not hasattr(user_obj, "_perm_cache"):
            user_obj._perm_cache = {f"{app}.{name}" for app, name in _of(user_obj)}  # type: ignore[attr-defined]
        return user_obj._perm_cache  # type: ignore[attr-defined]


def _of(user: User) -> Any:
    all_of_them = Permission.objects.order_by()
    mine = all_of_them if user.is_superuser else all_of_them.filter(Q(user=user) | Q(group__user=user)).distinct()
    return mine.values_list("content_type__app_label", "codename")
