"""Log-in by password as in Django, with fewer queries.

Every page of a logged-in user needs the permissions, because they decide which links it shows. One query reads them and
the names of the user's roles, and the user comes with the staff profile and whether there is a
second factor.
"""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Permission
from django.db.models import CharField, Exists, OuterRef, Q, Value
from django_otp.plugins.otp_totp.models import TOTPDevice

from users.models import User


class PermissionBackend(ModelBackend):
    def get_user(self, user_id: int) -> User | None:
        device = TOTPDevice.objects.filter(user=OuterRef("pk"), confirmed=True)
        users = User.objects.select_related("staff").annotate(has_second_factor=Exists(device))
        user = users.filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        if not isinstance(user_obj, User) or not user_obj.is_active or obj is not None:
            return set()
        if not hasattr(user_obj, "_perm_cache"):
            permissions = Permission.objects.order_by()
            if not user_obj.is_superuser:
                permissions = permissions.filter(Q(user=user_obj) | Q(group__user=user_obj))
            roles = user_obj.groups.order_by().values_list(Value("", output_field=CharField()), "name")
            rows = list(permissions.values_list("content_type__app_label", "codename").union(roles))
            user_obj._perm_cache = {f"{app}.{name}" for app, name in rows if app}  # type: ignore[attr-defined]
            user_obj.role_names = frozenset(name for app, name in rows if not app)
        return user_obj._perm_cache  # type: ignore[attr-defined]
