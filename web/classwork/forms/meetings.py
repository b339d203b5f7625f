"""Changes to one class day. Each form shows what it would do before it does it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from classwork.domain.schedule import meetings
from classwork.domain.schedule.meetings import MeetingDraft
from classwork.domain.schedule.previews import Preview
from classwork.forms.fields import StaffField
from classwork.forms.previews import PreviewedFormMixin
from classwork.models import ClassOffer, Location, Meeting
from common import dates
from common.days import DayField
from users.models import User


class MeetingActionForm(PreviewedFormMixin, forms.Form):
    """An action on one meeting. `plan_changes` previews it and `carry_out` applies it."""

    title: str | Promise = ""
    submit: str | Promise = ""

    def __init__(self, *args: Any, meeting: Meeting, **kwargs: Any) -> None:
        self.meeting = meeting
        super().__init__(*args, **kwargs)

    def carry_out(self, actor: User) -> None:
        raise NotImplementedError


class RestoreMeetingForm(MeetingActionForm):
    title, submit = _("Restore this class day"), _("Restore class day")

    def plan_changes(self) -> Preview:
        return meetings.plan_restore(self.meeting)

    def carry_out(self, actor: User) -> None:
        meetings.restore_meeting(actor, self.meeting, seen=self.seen)


class MeetingTimeForm(PreviewedFormMixin, forms.Form):
    day = DayField(label=_("Day"))
    start_time = forms.TimeField(widget=forms.TimeInput(attrs={"type": "time"}), label=_("Starts at"))
    minutes = forms.IntegerField(
        max_value=1440, required=False, label=_("Minutes"), help_text=_("Leave empty for the usual length.")
    )
    location = forms.ModelChoiceField(
        Location.objects.all(), required=False, label=_("Location"), help_text=_("Leave empty for the usual location.")
    )
    reason = forms.CharField(max_length=200, required=False, label=_("Reason"), help_text=_("Shown to students."))

    def draft(self) -> MeetingDraft:
        return MeetingDraft(**self.cleaned_data)


class MoveMeetingForm(MeetingTimeForm, MeetingActionForm):
    title, submit = _("Move this class day"), _("Move class day")

    def __init__(self, *args: Any, meeting: Meeting, **kwargs: Any) -> None:
        start = dates.to_local_time(meeting.starts_at)
        now = {"day": start.date(), "start_time": start.time(), "location": meeting.location_id}
        super().__init__(*args, meeting=meeting, initial=now, **kwargs)

    def plan_changes(self) -> Preview:
        return meetings.plan_move(self.meeting, self.draft())

    def carry_out(self, actor: User) -> None:
        meetings.move_meeting(actor, self.meeting, self.draft(), seen=self.seen)


class SubstitutesForm(MeetingActionForm):
    title, submit = _("Substitute"), _("Save changes")
    people = StaffField(label=_("Substitutes"), help_text=_("Leave empty for the usual teachers."))
    why = forms.CharField(max_length=200, required=False, label=_("Reason"), help_text=_("For the office."))

    def __init__(self, *args: Any, meeting: Meeting, **kwargs: Any) -> None:
        initial = {"people": list(meeting.substitutes.all())}
        super().__init__(*args, meeting=meeting, initial=initial, **kwargs)

    def plan_changes(self) -> Preview:
        return meetings.plan_substitutes(self.meeting, list(self.cleaned_data["people"]))

    def carry_out(self, actor: User) -> None:
        meetings.set_substitutes(actor, self.meeting, list(self.cleaned_data["people"]), why=self.cleaned_data["why"])


class AddMeetingForm(MeetingTimeForm):
    title, submit = _("Add a class day"), _("Add class day")

    def __init__(self, *args: Any, class_offer: ClassOffer, **kwargs: Any) -> None:
        self.class_offer = class_offer
        super().__init__(*args, initial={"start_time": class_offer.start_time}, **kwargs)

    def plan_changes(self) -> Preview:
        return meetings.plan_add(self.class_offer, self.draft())

    def carry_out(self, actor: User) -> None:
        meetings.add_meeting(actor, self.class_offer, self.draft(), seen=self.seen)


MEETING_FORMS: dict[str, type[MeetingActionForm]] = {
    "restore": RestoreMeetingForm,
    "move": MoveMeetingForm,
    "substitutes": SubstitutesForm,
}
