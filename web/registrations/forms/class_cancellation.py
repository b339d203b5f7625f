"""The steps of a cancellation: what is canceled, the compensation, and the plan to confirm.

Each step is a form in the query string, so that the browser's back button works. Only the last one is posted.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from classwork.domain.schedule.meetings import MeetingDraft
from classwork.models import ClassOffer, Location, Meeting
from common.days import DayField
from registrations.domain.cancellations.compensation import Compensation
from registrations.domain.cancellations.replacement_dates import replacement_dates_by_class
from registrations.domain.cancellations.request import FOR_CLASSES, FOR_DAYS, CancellationRequest
from registrations.models import CompensationPolicy

POLICY_LABELS = {
    CompensationPolicy.REFUND: _("Refund each student's share to the original payment method"),
    CompensationPolicy.CREDIT: _("Account credit (students without an account are refunded)"),
    CompensationPolicy.MAKE_UP: _("Make-up day, chosen below"),
    CompensationPolicy.EXTENSION: _("Extend the class: one more week for each canceled day, same time and location"),
    CompensationPolicy.NOTHING: _("No compensation"),
}
SAME = ""
NO_DAY = _("Please choose at least one class day.")


class CancellationScopeForm(forms.Form):
    """All classes on a day, in the whole school or at one location."""

    day = DayField(label=_("Day"))
    place = forms.ModelChoiceField(
        Location.objects.all(), label=_("Location"), required=False, empty_label=_("All locations")
    )


class CanceledDaysForm(forms.Form):
    """Single class days, or the whole class."""

    meeting = forms.MultipleChoiceField(
        label=_("Class days"), required=False, widget=forms.CheckboxSelectMultiple,
        error_messages={
            "invalid_choice": _("One of these class days is already canceled or has started."),
            "required": NO_DAY,
        },
    )  # fmt: skip
    whole = forms.BooleanField(
        label=_("The whole class"), required=False, help_text=_("All remaining days. The class is no longer listed.")
    )

    def __init__(self, *args: Any, meetings: Sequence[Meeting], class_offer: ClassOffer | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.meetings, self.class_offer = {str(meeting.pk): meeting for meeting in meetings}, class_offer
        days = cast(forms.MultipleChoiceField, self.fields["meeting"])
        days.choices = [
            (pk, str(meeting.slot) if class_offer else f"{meeting.slot}: {meeting.class_offer.heading}")
            for pk, meeting in self.meetings.items()
        ]
        if class_offer is None:
            del self.fields["whole"]
            days.required = True
            self.initial.setdefault("meeting", list(self.meetings))

    @property
    def is_answered(self) -> bool:
        return bool({"meeting", "whole"} & set(self.data)) and self.is_valid()

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("meeting") and not data.get("whole") and not self.errors:
            self.add_error("meeting", NO_DAY)
        return data

    @property
    def is_whole(self) -> bool:
        return bool(self.cleaned_data.get("whole"))

    @property
    def chosen(self) -> list[Meeting]:
        return [] if self.is_whole else [self.meetings[pk] for pk in self.cleaned_data["meeting"]]


class CompensationForm(forms.Form):
    """The policy, and the make-up days if it needs any."""

    policy = forms.ChoiceField(label=_("How should students be compensated?"), widget=forms.RadioSelect)

    def __init__(
        self,
        *args: Any,
        class_offers: Mapping[int, ClassOffer],
        canceled: Sequence[Meeting],
        whole: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.canceled, self.extension_drafts = canceled, replacement_dates_by_class(class_offers, canceled)
        allowed = FOR_CLASSES if whole else FOR_DAYS
        cast(forms.ChoiceField, self.fields["policy"]).choices = [(each.value, POLICY_LABELS[each]) for each in allowed]
        usual = settings.CLASS_CANCELLATION_POLICY
        self.initial.setdefault("policy", usual if usual in allowed else CompensationPolicy.REFUND)
        places = [
            ("", gettext("Usual location")),
            *((str(location.pk), str(location)) for location in Location.objects.all()),
        ]
        for meeting in canceled:
            draft, picker = self.extension_drafts[meeting.pk], forms.TimeInput(attrs={"type": "time"})
            day = DayField(label=_("Day"), required=False, initial=draft.day)
            start = forms.TimeField(label=_("Starts at"), required=False, initial=draft.start_time, widget=picker)
            place = forms.ChoiceField(label=_("Location"), required=False, choices=places)
            self.fields |= {f"day_{meeting.pk}": day, f"time_{meeting.pk}": start, f"place_{meeting.pk}": place}

    @property
    def is_answered(self) -> bool:
        return "policy" in self.data and self.data.get("step") != "how" and self.is_valid()

    def rows(self) -> Iterator[tuple[Meeting, list[forms.BoundField]]]:
        for meeting in self.canceled:
            yield meeting, [self[f"{name}_{meeting.pk}"] for name in ("day", "time", "place")]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("policy") == CompensationPolicy.MAKE_UP:
            for name in (f"{part}_{meeting.pk}" for meeting in self.canceled for part in ("day", "time")):
                if name not in self.errors and not data.get(name):
                    self.add_error(name, gettext("Please enter the day and time of the make-up."))
        return data

    def replacements(self) -> dict[int, MeetingDraft]:
        if self.cleaned_data["policy"] == CompensationPolicy.EXTENSION:
            return self.extension_drafts
        if self.cleaned_data["policy"] != CompensationPolicy.MAKE_UP:
            return {}
        drafts = {}
        for pk in (meeting.pk for meeting in self.canceled):
            day, start, place = (self.cleaned_data[f"{name}_{pk}"] for name in ("day", "time", "place"))
            location = Location.objects.get(pk=place) if place else None
            drafts[pk] = MeetingDraft(day, start, location=location)
        return drafts

    def cancellation_request(self, what: CanceledDaysForm, exceptions: Mapping[str, str]) -> CancellationRequest:
        policy = self.cleaned_data["policy"]
        if what.is_whole and what.class_offer is not None:
            return CancellationRequest(policy, class_offer=what.class_offer.pk, exceptions=exceptions)
        days = frozenset(meeting.pk for meeting in what.chosen)
        return CancellationRequest(policy, days, replacements=self.replacements(), exceptions=exceptions)


class ConfirmCancellationForm(forms.Form):
    why = forms.CharField(label=_("Reason"), max_length=200, help_text=_("Students and teachers read this."))


def read_exceptions(data: Mapping[str, str]) -> dict[str, str]:
    """Reads the exceptions for single spots from the selects of the plan. Unknown policies are ignored."""
    named = {name.removeprefix("for_"): value for name, value in data.items() if name.startswith("for_")}
    return {key: value for key, value in named.items() if value in FOR_CLASSES}


def compensation_choices(
    compensations: Iterable[Compensation], data: Mapping[str, str]
) -> list[tuple[Compensation, list[tuple[str, str, bool]]]]:
    chosen = read_exceptions(data)
    names = [(SAME, gettext("Same as everyone")), *((each.value, str(each.label)) for each in FOR_CLASSES)]
    return [
        (compensation, [(value, label, value == chosen.get(compensation.key, SAME)) for value, label in names])
        for compensation in compensations
    ]  # fmt: skip
