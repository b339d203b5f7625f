"""The admin pages about students, with or without an account."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from common.admin import ConditionFilter
from common.errors import MergeConflict
from common.search import read_number
from common.views import redirect_with
from history.admin_base import RecordedModelAdmin
from users.admin import side_panels
from users.domain import privacy
from users.forms.office import AccountReasonForm, RecordForm
from users.models import Student

PRIVACY_PERMISSION = "users.handle_privacy"
ERASE_STUDENT = {
    "label": _("Erase student"),
    "text": _(
        "Name, email, notes and everything else that identifies this student is erased permanently. Bookkeeping "
        "records stay, without a name. This cannot be undone."
    ),
    "danger": True,
}


class AccountFilter(ConditionFilter):
    title = _("account")
    parameter_name = "account"
    conditions = {
        "own": (_("their own"), Q(user__isnull=False)),
        "care": (_("a guardian's"), Q(guardian__isnull=False)),
        "none": (_("none"), Q(user=None, guardian=None)),
    }


@admin.register(Student)
class StudentAdmin(RecordedModelAdmin):
    form = RecordForm
    list_display = ["__str__", "address", "account", "created_at"]
    list_filter = [AccountFilter]
    list_select_related = ["user", "guardian"]
    search_fields = ["first_name", "last_name", "email", "user__email", "guardian__email", "guardian__last_name"]
    search_help_text = _("Name or email, also of a guardian.")
    raw_id_fields = ["guardian"]
    fields = ["first_name", "last_name", "email", "user", "guardian", "born_on", "notes", "history_panel"]
    readonly_fields = ["user", "history_panel"]
    actions = ["join"]
    show_full_result_count = False
    change_form_template = "admin/users/student.html"

    @admin.display(description=_("email"))
    def address(self, student: Student) -> str:
        account = student.user or student.guardian
        return student.email or (account.email if account else "–")

    @admin.display(description=_("account"))
    def account(self, student: Student) -> str:
        if student.user:
            return gettext("their own") if student.user.is_active else gettext("their own, closed")
        if student.guardian is None:
            return gettext("none")
        return gettext("in the care of %(name)s") % {"name": student.guardian}

    @admin.display(description=_("history"))
    def history_panel(self, student: Student) -> str:
        return side_panels.recent_history_panel(student) if student.pk else ""

    def has_delete_permission(self, request: HttpRequest, obj: Student | None = None) -> bool:
        # Records are merged or erased instead, because registrations and payments refer to them.
        return False

    @admin.action(description=_("Merge two records of one person"), permissions=["change"])
    def join(self, request: HttpRequest, queryset: QuerySet[Student]) -> HttpResponse | None:
        selected = [str(pk) for pk in queryset.values_list("pk", flat=True)[:3]]
        if len(selected) != 2:
            messages.error(request, gettext("Select the two records of the same person."))
            return None
        return redirect(f"{reverse('admin:users_student_join')}?people={','.join(selected)}")

    def get_urls(self) -> Any:
        join = path("join/", self.admin_site.admin_view(self.join_view), name="users_student_join")
        erase = path("<int:pk>/erase/", self.admin_site.admin_view(self.erase_view), name="users_student_erase")
        return [join, erase, *super().get_urls()]

    def change_view(self, request: Any, object_id: str, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        student = self.get_object(request, object_id)
        may_erase = student is not None and student.user is None and request.user.has_perm(PRIVACY_PERMISSION)
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "may_erase": may_erase})

    def join_view(self, request: Any) -> HttpResponse:
        if not request.user.has_perm(PRIVACY_PERMISSION):
            raise PermissionDenied
        source, target = self._selected_pair(request)
        form = AccountReasonForm(request.POST or None)
        try:
            sentences = privacy.preview_merge(source, target)
            if form.is_valid():
                privacy.merge_people(request.user, source, target, form.cleaned_data["why"])
                return redirect_with(request, " ".join(sentences), "admin:users_student_change", target.pk)
        except MergeConflict as conflict:
            sentences = []
            messages.error(request, str(conflict))
        context = {**self.admin_site.each_context(request), "source": source, "target": target, "sentences": sentences}
        more_context = {"form": form, "title": gettext("Merge two records of one person"), "opts": self.opts}
        return render(request, "admin/users/join.html", context | more_context)

    def erase_view(self, request: Any, pk: int) -> HttpResponse:
        if not request.user.has_perm(PRIVACY_PERMISSION):
            raise PermissionDenied
        student = get_object_or_404(Student, pk=pk, user=None)
        form = AccountReasonForm(request.POST or None)
        if form.is_valid():
            privacy.erase_student(request.user, student, form.cleaned_data["why"])
            return redirect_with(request, gettext("Erased."), "admin:users_student_changelist")
        context = {**self.admin_site.each_context(request), "action": ERASE_STUDENT, "people": [student], "form": form}
        return render(
            request, "admin/users/action.html", context | {"title": ERASE_STUDENT["label"], "opts": self.opts}
        )

    def _selected_pair(self, request: HttpRequest) -> tuple[Student, Student]:
        ids = [pk for text in request.GET.get("people", "").split(",") if (pk := read_number(text))]
        rows = Student.objects.select_related("user", "guardian").in_bulk(ids)
        if len(ids) != 2 or len(rows) != 2:
            raise Http404
        return rows[ids[0]], rows[ids[1]]
