"""The admin pages about accounts: names, roles, and what the office can do with an account."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from common.admin import ConditionFilter, column
from common.formats import format_date
from common.search import read_number
from common.views import redirect_with
from history.admin_base import RecordedModelAdmin
from users.admin import account_actions, side_panels
from users.domain import office_accounts, privacy, roles, second_factor
from users.forms.office import AccountForm, AccountReasonForm, NewAccountForm, RecordForm
from users.models import Consent, Staff, Student, User


class RoleFilter(admin.SimpleListFilter):
    title = _("role")
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(role.pk), role.name) for role in roles.Role.objects.all()] + [("none", gettext("no role"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value == "none":
            return queryset.filter(groups=None)
        number = read_number(value or "")
        return queryset if number is None else queryset.filter(groups=number)


class StateFilter(ConditionFilter):
    title = _("state")
    parameter_name = "state"
    conditions = {
        "open": (_("open"), Q(is_active=True)),
        "never": (_("address not confirmed"), Q(is_active=True, email_confirmed_at=None)),
        "closed": (_("closed"), Q(is_active=False)),
    }


class OwnRecordInline(admin.StackedInline):
    model = Student
    fk_name = "user"
    verbose_name = verbose_name_plural = _("Attends as")
    fields = ["born_on", "notes"]
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class InCareInline(admin.TabularInline):
    model = Student
    form = RecordForm
    fk_name = "guardian"
    verbose_name_plural = _("In this person's care")
    fields = ["first_name", "last_name", "born_on", "notes"]
    extra = 0
    can_delete = False
    show_change_link = True


class StaffProfileInline(admin.StackedInline):
    model = Staff
    verbose_name = verbose_name_plural = _("Profile on the About page")
    fields = ["title", "bio", "listing"]
    extra = 0
    can_delete = False


class ConsentInline(admin.TabularInline):
    model = Consent
    verbose_name_plural = _("Consents")
    fields = readonly_fields = ("kind", "version", "given_at", "withdrawn_at")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def list_action_for(key: str) -> Any:
    action: Any = account_actions.ACCOUNT_ACTIONS[key]

    @admin.action(description=action.label, permissions=["change"])
    def open_page(model_admin: "AccountAdmin", request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse:
        selected = ",".join(str(pk) for pk in queryset.values_list("pk", flat=True))
        return redirect(f"{reverse('admin:users_user_action', args=[key])}?people={selected}")

    open_page.__name__ = key.replace("-", "_")
    return open_page


@admin.register(User)
class AccountAdmin(RecordedModelAdmin):
    form = AccountForm
    list_display = ["__str__", "email", "roles_held", "last_seen", "state"]
    list_filter = [StateFilter, RoleFilter]
    search_fields = ["first_name", "last_name", "email", "in_care__first_name", "in_care__last_name"]
    search_help_text = _("Name or email, also of the people in an account’s care.")
    list_per_page = 50
    show_full_result_count = False
    actions = [list_action_for("send-link"), list_action_for("close"), list_action_for("reopen")]
    readonly_fields = ("state", "roles_held", "last_seen", "log_in_method", "history_panel")
    inlines = [OwnRecordInline, InCareInline, StaffProfileInline, ConsentInline]
    change_form_template = "admin/users/account.html"

    # -- the list ------------------------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description=_("roles"))
    def roles_held(self, account: User) -> str:
        names = sorted(account.role_names) + ([gettext("superuser")] if account.is_superuser else [])
        return ", ".join(names) or "–"

    @admin.display(description=_("last log-in"), ordering="last_login")
    def last_seen(self, account: User) -> str:
        return format_date(account.last_login) if account.last_login else gettext("never")

    @admin.display(description=_("state"), ordering="is_active")
    def state(self, account: User) -> str:
        if not account.is_active:
            return gettext("Closed")
        return gettext("Open") if account.has_usable_password() else gettext("Open, no password yet")

    # -- the page of one person ----------------------------------------------------------------------------------

    @admin.display(description=_("two-step verification"))
    def log_in_method(self, account: User) -> str:
        device = second_factor.device_of(account)
        return gettext("Password and a code from their app") if device else gettext("Password only")

    history_panel = column(_("latest changes"), side_panels.recent_history_panel)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return [(None, {"fields": ["first_name", "last_name", "email", "attends", "send_link"]})]
        roles_field = "roles" if self._may_give_roles(request, obj) else "roles_held"
        return [
            (None, {"fields": ["first_name", "last_name", "email"]}),
            (gettext("Log-in"), {"fields": ["state", "last_seen", "log_in_method"]}),
            (gettext("Roles"), {"fields": [roles_field]}),
            (gettext("History"), {"fields": ["history_panel"]}),
        ]

    def _may_give_roles(self, request: Any, account: User) -> bool:
        return request.user.has_perm("users.give_role") and roles.may_change_account(request.user, account)

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs | {"form": AccountForm if obj else NewAccountForm})
        form.actor = request.user
        return form

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.inlines if obj else []

    def has_change_permission(self, request: Any, obj: User | None = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or roles.may_change_account(request.user, obj))

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        # Accounts are closed or erased instead, because orders and history refer to the row.
        return False

    def save_model(self, request: Any, obj: User, form: Any, change: bool) -> None:
        given = form.cleaned_data
        if not change:
            office_accounts.add_person(request.user, obj, attends=given["attends"], send_link=given["send_link"])
            return
        changed = [name for name in form.changed_data if name != "roles"]
        if changed:
            office_accounts.correct_account(request.user, obj, changed)
        if "roles" in form.changed_data:
            roles.set_roles(request.user, obj, given["roles"], among=form.fields["roles"].queryset)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The domain records it already."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        # The domain records changes of the account, so this only records changes of the inlines.
        super().log_change(request, obj, [part for part in message if "name" in next(iter(part.values()))])

    def change_view(self, request: Any, object_id: str, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        account = self.get_object(request, object_id)
        may_change = self.has_change_permission(request, account)
        more_context = {
            "actions": account_actions.available_actions(request.user, account) if account and may_change else [],
            "exports": request.user.has_perm("users.handle_privacy"),
        }
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **more_context})

    # -- actions and the export ----------------------------------------------------------------------------------

    def get_urls(self) -> Any:
        wrap = self.admin_site.admin_view
        return [
            path("action/<slug:key>/", wrap(self.action_view), name="users_user_action"),
            path("<int:pk>/data.json", wrap(self.export_view), name="users_user_export"),
            *super().get_urls(),
        ]

    def action_view(self, request: Any, key: str) -> HttpResponse:
        action = account_actions.ACCOUNT_ACTIONS.get(key)
        if action is None or not request.user.has_perm(action.permission):
            raise Http404 if action is None else PermissionDenied
        people = self._people(request, action)
        form = AccountReasonForm(request.POST if request.method == "POST" else None, asks_why=action.asks_why)
        if form.is_valid():
            names = account_actions.joined_names(people)
            for person in people:
                action.do(request.user, person, form.cleaned_data.get("why", ""))
            return redirect_with(request, str(action.done).format(people=names), "admin:users_user_changelist")
        context = {**self.admin_site.each_context(request), "action": action, "people": people, "form": form}
        return render(request, "admin/users/action.html", context | {"title": action.label, "opts": self.opts})

    def _people(self, request: Any, action: account_actions.AccountAction) -> list[User]:
        selected = [pk for text in request.GET.get("people", "").split(",") if (pk := read_number(text))]
        people = list(User.objects.filter(pk__in=selected))
        if not people or any(not self.has_view_permission(request, person) for person in people):
            raise Http404
        if any(not roles.may_change_account(request.user, person) for person in people):
            raise PermissionDenied
        return [person for person in people if action.fits(person)]

    def export_view(self, request: Any, pk: int) -> HttpResponse:
        if not request.user.has_perm("users.handle_privacy"):
            raise PermissionDenied
        account = get_object_or_404(User, pk=pk)
        data = privacy.export_person(request.user, account)
        response = JsonResponse(data, json_dumps_params={"indent": 2, "ensure_ascii": False})
        response["Content-Disposition"] = f'attachment; filename="person-{pk}.json"'
        return response
