"""The page that plans the next session from an earlier one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from classwork.domain.schedule.next_session import RepeatedClass
from classwork.models import Location
from classwork.models.class_offers import WEEKDAYS
from users.models import Staff


class RepeatedClassForm(forms.Form):
    """One class of the earlier session: whether to repeat it, and what changes."""

    keep = forms.BooleanField(required=False, initial=True, label=_("Keep"))
    class_day = forms.TypedChoiceField(choices=WEEKDAYS, coerce=int, label=_("Weekday"))
    start_time = forms.TimeField(label=_("Starts at"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    location = forms.TypedChoiceField(required=False, empty_value=None, label=_("Location"))
    teaching = forms.TypedMultipleChoiceField(required=False, label=_("Teachers"))

    def __init__(self, data: Any, *, source: RepeatedClass, choices: SharedChoices, prefix: str) -> None:
        self.source = source
        initial = {
            "class_day": source.class_day,
            "start_time": source.start_time,
            "location": source.location.pk if source.location else "",
            "teaching": [person.pk for person in source.teachers],
        }
        super().__init__(data, initial=initial, prefix=prefix)
        choices.fill(self)

    def repeat(self) -> RepeatedClass:
        data = self.cleaned_data
        assistants = tuple(person for person in self.source.assistants if person not in data["teaching"])
        return RepeatedClass(
            self.source.subject,
            data["class_day"],
            data["start_time"],
            data["location"],
            tuple(data["teaching"]),
            assistants,
            self.source.source,
        )


class SharedChoices:
    """Locations and people, read once for the whole page."""

    def __init__(self) -> None:
        self.places = {str(place.pk): place for place in Location.objects.all()}
        active = Staff.objects.filter(user__is_active=True).select_related("user")
        self.people = {str(person.pk): person for person in active}

    def fill(self, form: RepeatedClassForm) -> None:
        location, teaching = form.fields["location"], form.fields["teaching"]
        places = [(key, str(place)) for key, place in self.places.items()]
        location.choices = [("", gettext("To be announced")), *places]  # type: ignore[attr-defined]
        location.coerce = self.places.__getitem__  # type: ignore[attr-defined]
        teaching.choices = [(key, str(person)) for key, person in self.people.items()]  # type: ignore[attr-defined]
        teaching.coerce = self.people.__getitem__  # type: ignore[attr-defined]


def repeated_class_forms(data: Any, repeats: Sequence[RepeatedClass]) -> list[RepeatedClassForm]:
    choices = SharedChoices()
    return [RepeatedClassForm(data, source=one, choices=choices, prefix=f"class-{n}") for n, one in enumerate(repeats)]
