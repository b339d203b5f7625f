"""Sessions, subjects and classes as the office edits them."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from classwork.domain.catalog import subjects
from classwork.domain.class_fields import OFFICE_FIELDS
from classwork.domain.schedule import class_offers, sessions
from classwork.domain.schedule.class_offers import ClassDraft
from classwork.forms.fields import DatesField, StaffField
from classwork.forms.labels import CLASS_LABELS, SESSION_LABELS, SUBJECT_LABELS
from classwork.forms.previews import PreviewedModelForm
from classwork.models import Assignment, ClassOffer, Session, Subject
from common.files.fields import PictureField

SESSION_FIELDS = [
    "name",
    "key_day_date",
    "max_day_shift",
    "num_weeks",
    "skip_weeks",
    "flip_last_day",
    "break_weeks",
    "publish_date",
    "expire_date",
]


class SessionForm(PreviewedModelForm):
    plan = staticmethod(sessions.plan_session)

    class Meta:
        model = Session
        fields = SESSION_FIELDS
        labels = SESSION_LABELS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["expire_date"].required = False  # An empty value is computed from the key day.


class SubjectForm(PreviewedModelForm):
    plan = staticmethod(subjects.plan_subject)
    image = PictureField(required=False, label=_("Promotional image"), widget=forms.ClearableFileInput)

    class Meta:
        model = Subject
        exclude = ("date_added", "date_modified")
        labels = SUBJECT_LABELS

    def values(self) -> dict[str, Any]:
        # A removed image is False in the form and an empty value in the row.
        values = super().values()
        return values | {"image": values.get("image") or ""}


class ClassOfferForm(PreviewedModelForm):
    plan = staticmethod(class_offers.plan_class)
    teaching = StaffField(label=_("Teachers"))
    assisting = StaffField(label=_("Assistants"))
    skipped = DatesField(
        required=False,
        label=_("Skipped dates"),
        help_text=_("Dates without class, such as 2026-11-26. Each adds a week at the end."),
    )

    class Meta:
        model = ClassOffer
        fields = OFFICE_FIELDS
        labels = CLASS_LABELS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_initial_lists(self)

    def draft(self) -> ClassDraft:
        data = self.cleaned_data
        return ClassDraft(self.values(), data.get("skipped"), data.get("teaching"), data.get("assisting"))


class ClassOfferRowForm(PreviewedModelForm):
    """A class within its session, as one row of a table. The session may be changed by the same form."""

    plan = staticmethod(class_offers.plan_class)
    teaching = StaffField(label=_("Teachers"))

    class Meta:
        model = ClassOffer
        fields = ["subject", "class_day", "start_time", "location", "capacity", "manager_approved"]
        labels = CLASS_LABELS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_initial_lists(self)

    def draft(self) -> ClassDraft:
        session = cast(ClassOffer, self.instance).session
        return ClassDraft(self.values() | {"session": session}, teachers=self.cleaned_data.get("teaching"))


def set_initial_lists(form: PreviewedModelForm) -> None:
    class_offer = cast(ClassOffer, form.instance)
    if class_offer.pk is None:
        return
    assigned = list(class_offer.assignments.all())
    for name, role in (("teaching", Assignment.Role.TEACHER), ("assisting", Assignment.Role.ASSISTANT)):
        form.initial.setdefault(name, [assignment.staff_id for assignment in assigned if assignment.role == role])
    form.initial.setdefault("skipped", [skipped.day for skipped in class_offer.skipped_dates.all()])
