from typing import Any, cast

from django.contrib import admin
from django.forms import BaseInlineFormSet, ModelChoiceField, ModelForm
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from classwork.admin.base import PreviewedAdmin, PreviewedAdminForm
from classwork.domain.schedule import class_offers, sessions
from classwork.forms.schedule import ClassOfferRowForm, SessionForm
from classwork.models import ClassOffer, Session
from common.admin import column, fieldset
from common.formats import format_date
from users.models import User
from users.roles import acting_user


class SessionAdminForm(PreviewedAdminForm, SessionForm):
    pass


class ClassOfferRowAdminForm(PreviewedAdminForm, ClassOfferRowForm):
    """The columns have headings, but a screen reader does not connect them with the fields below."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        class_offer = cast(ClassOffer, self.instance)
        of = str(class_offer.subject) if class_offer.pk else gettext("the new class")
        for field in self.fields.values():
            inner: Any = getattr(field.widget, "widget", field.widget)  # The admin wraps the widget of a related row.
            inner.attrs["aria-label"] = gettext("%(field)s of %(class)s") % {"field": field.label, "class": of}


class ClassOfferFormSet(BaseInlineFormSet):
    """The choices are read once for all rows."""

    SHARED = ("subject", "location", "teaching")

    shared_choices: dict[str, list[Any]] | None = None

    def add_fields(self, form: ModelForm, index: int | None) -> None:
        super().add_fields(form, index)
        if self.shared_choices is None:
            self.shared_choices = {name: list(cast(Any, choice_field(form, name).choices)) for name in self.SHARED}
        for name in self.SHARED:
            choice_field(form, name).choices = self.shared_choices[name]


def choice_field(form: ModelForm, name: str) -> ModelChoiceField:
    return cast(ModelChoiceField, form.fields[name])


class ClassOfferInline(admin.TabularInline):
    """The classes of the session. Settings that only one class has are edited on the page of the class."""

    model = ClassOffer
    form = ClassOfferRowAdminForm
    formset = ClassOfferFormSet
    fields = [*ClassOfferRowForm.Meta.fields]
    fields.insert(fields.index("capacity"), "teaching")
    extra = 0
    can_delete = False
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> Any:
        related = super().get_queryset(request).select_related("subject__level", "session", "location")
        return related.prefetch_related("assignments__staff__user", "skipped_dates")


@admin.register(Session)
class SessionAdmin(PreviewedAdmin):
    form = SessionAdminForm
    inlines = [ClassOfferInline]
    list_display = [
        "name",
        "first_day",
        "last_day",
        "skip_weeks",
        "break_weeks",
        "publish_date",
        "expire_date",
        "plan_next",
    ]
    search_fields = ["name"]
    fieldsets = [
        fieldset(None, "name"),
        fieldset(_("Class days"), "key_day_date", ("max_day_shift", "num_weeks")),
        fieldset(_("Without class"), ("skip_weeks", "flip_last_day"), "break_weeks"),
        fieldset(_("Publication"), ("publish_date", "expire_date")),
    ]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return sessions.propose_session() | super().get_changeform_initial_data(request)

    def store(self, actor: User, obj: Session, form: Any, change: bool) -> Session:
        if not change:
            return sessions.create_session(actor, form.values())
        if form.changed_data:
            sessions.change_session(actor, obj, form.values(), seen=form.seen)
        return obj

    def save_formset(self, request: HttpRequest, form: ModelForm, formset: Any, change: bool) -> None:
        """The preview of a class was made for the session before it moved, so the class itself changes less
        afterwards."""
        formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []
        actor = acting_user(request)
        for row in formset.forms:
            if not row.has_changed():
                continue
            if row.instance.pk is None:
                formset.new_objects.append(class_offers.create_class(actor, row.draft()))
            else:
                class_offers.change_class(
                    actor, row.instance, row.draft(), seen=None if form.changed_data else row.seen
                )
                formset.changed_objects.append((row.instance, row.changed_data))

    first_day = column(_("starts"), lambda obj: format_date(obj.start_date), ordering="key_day_date")
    last_day = column(_("ends"), lambda obj: format_date(obj.end_date))

    @admin.display(description="")
    def plan_next(self, obj: Session) -> SafeString:
        url = reverse("desk_next_session", args=[obj.pk])
        return format_html('<a href="{}">{}</a>', url, gettext("Plan the next session"))
