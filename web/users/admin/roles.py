"""The admin pages about roles, in words that people at the front desk understand."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from common.admin import column
from history.admin_base import RecordedModelAdmin
from users.admin import side_panels
from users.domain import roles
from users.forms.office import RoleForm
from users.models import Role


@admin.register(Role)
class RoleAdmin(RecordedModelAdmin):
    form = RoleForm
    list_display = ["name", "people", "permission_count"]
    search_fields = ["name"]
    readonly_fields = ["history_panel"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Role]:
        return super().get_queryset(request).prefetch_related("permissions").annotate(held_by=Count("user"))

    people = column(_("people"), lambda role: int(role.held_by), ordering="held_by")

    @admin.display(description=_("permissions"))
    def permission_count(self, role: Role) -> str:
        count = len(role.permissions.all())
        return ngettext("%(number)s permission", "%(number)s permissions", count) % {"number": count}

    history_panel = column(_("latest changes"), side_panels.recent_history_panel)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        history = [(gettext("History"), {"fields": ["history_panel"]})] if obj else []
        return [(None, {"fields": ["name", "permissions"]}), *history]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        # The code looks up the built-in roles by name.
        return ["history_panel", *(["name"] if obj and obj.name in roles.BUILT_IN else [])]

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.actor = request.user
        return form

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or roles.has_all_permissions(request.user, roles.permissions_of(obj)))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is not None and obj.name in roles.BUILT_IN:
            return False
        return super().has_delete_permission(request, obj) and self.has_change_permission(request, obj)

    def get_actions(self, request: HttpRequest) -> Any:
        # Roles are deleted one at a time, so that the built-in ones stay.
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions
