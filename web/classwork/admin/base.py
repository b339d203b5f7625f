"""What the admin of classes has in common: a preview before dates move, and rows in groups."""

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html

from classwork.errors import ChangeRefused, FieldProblem
from classwork.forms.previews import AcceptProposalButton, PreviewedModelForm
from common.admin import column
from history.admin_base import RecordedModelAdmin
from users.models import User
from users.roles import acting_user


class PreviewedAdminForm(PreviewedModelForm):
    """The admin renders errors beside their field as plain text, so the button is part of the error text."""

    def problem_text(self, problem: FieldProblem) -> str:
        if not problem.proposal:
            return problem.sentence
        taking = AcceptProposalButton(problem)
        button = '{} <button type="submit" name="take" value="{}">{}</button>'
        return format_html(button, problem.sentence, taking.value, taking.label)


class PreviewedAdmin(RecordedModelAdmin):
    """Saving goes through the domain. Dates that would move are shown first, and a conflicting change is reported
    instead of saved."""

    change_form_template = "admin/classwork/change_form.html"

    def store(self, actor: User, obj: Any, form: Any, change: bool) -> Model:
        """Create or change the row with the domain's function and return the stored row."""
        raise NotImplementedError

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        stored = self.store(acting_user(request), obj, form, change)
        obj.pk, obj._state.adding = stored.pk, False
        obj.refresh_from_db()

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The domain has already recorded this in the history, with more detail than the admin has."""

    log_change = log_addition

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except ChangeRefused as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(request.get_full_path())

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        rows = [form for inline in context["inline_admin_formsets"] for form in inline.formset.forms]
        forms = [context["adminform"].form, *rows]
        previews = [preview for form in forms if (preview := getattr(form, "preview", None))]
        context |= {"previews": previews, "seen": " ".join(preview.fingerprint for preview in previews)}
        return super().render_change_form(request, context, *args, **kwargs)


class GroupedAdmin(admin.ModelAdmin):
    """The first column shows the name of the group once, for all rows of the group that follow each other."""

    def group_of(self, obj: Any) -> str:
        raise NotImplementedError

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        changelist = super().get_changelist_instance(request)
        last = None
        for row in cast("QuerySet[Any]", changelist.result_list):
            name = self.group_of(row)
            row.group_shown, last = ("" if name == last else name), name
        return changelist

    group = column("", lambda obj: str(obj.group_shown))
