from __future__ import annotations

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from classwork.domain.catalog import subjects
from classwork.domain.class_fields import IDEA_FIELDS
from classwork.domain.proposals import CHANGEABLE
from classwork.domain.schedule import class_offers
from classwork.domain.schedule.class_offers import ClassDraft
from classwork.forms.fields import DatesField
from classwork.forms.labels import CLASS_LABELS, SUBJECT_LABELS
from classwork.forms.previews import PreviewedModelForm
from classwork.models import ClassOffer, Session, Subject
from common import dates

TIME = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


class ProposalForm(PreviewedModelForm):
    """A teacher's draft changes nothing public, so it needs no preview."""

    @property
    def seen(self) -> str | None:
        return None

    def draft(self) -> ClassDraft:
        return ClassDraft(self.values())


class ProposeSubjectForm(ProposalForm):
    plan = staticmethod(lambda subject, draft: subjects.plan_subject(subject, draft.values))

    class Meta:
        model = Subject
        fields = [
            "level",
            "version",
            "name",
            "tagline_1",
            "tagline_2",
            "tagline_3",
            "short_description",
            "description",
            "num_weeks",
            "num_minutes",
        ]
        labels = SUBJECT_LABELS


class ProposeClassForm(ProposalForm):
    plan = staticmethod(class_offers.plan_class)
    skipped = DatesField(required=False, label=_("Skipped dates"), help_text=_("For example 2026-11-26."))

    class Meta:
        model = ClassOffer
        fields = IDEA_FIELDS
        labels = CLASS_LABELS
        widgets = {"start_time": TIME}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ahead = [session.pk for session in Session.objects.all() if session.end_date >= dates.local_today()]
        cast(forms.ModelChoiceField, self.fields["session"]).queryset = Session.objects.filter(pk__in=ahead)
        subject = cast(forms.ModelChoiceField, self.fields["subject"])
        subject.queryset = Subject.objects.filter(manager_approved=True).select_related("level")

    def draft(self) -> ClassDraft:
        return ClassDraft(self.values(), self.cleaned_data.get("skipped"))


class ChangeSubjectForm(ProposeSubjectForm):
    class Meta:
        model = Subject
        fields = CHANGEABLE[Subject]
        labels = SUBJECT_LABELS


class ChangeClassForm(ProposalForm):
    plan = staticmethod(class_offers.plan_class)

    class Meta:
        model = ClassOffer
        fields = CHANGEABLE[ClassOffer]
        labels = CLASS_LABELS
        widgets = {"start_time": TIME}


class ProposalMessageForm(forms.Form):
    message = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}), required=False, label=_("Message to the office"), max_length=2000
    )


class ProposalAnswerForm(forms.Form):
    answer = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}), required=False, label=_("Answer"), max_length=2000
    )
