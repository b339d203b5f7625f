"""Coming for a single class: which day, as a drop-in or for a trial, and who."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings

from classwork.domain.places.tickets.sale import Day
from classwork.forms.places import WhoForm
from classwork.models import ClassOffer
from common.money import show

DROP_IN, TRIAL = "drop_in", "trial"


class TicketForm(WhoForm):
    meeting = forms.ChoiceField(label="On which day?", widget=forms.RadioSelect)
    what = forms.ChoiceField(label="What would you like?", widget=forms.RadioSelect)

    field_order = ("what", "meeting", "who")

    def __init__(self, offer: ClassOffer, days: Sequence[Day], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choose_from("what", _kinds(offer))
        open_days = [day.meeting for day in days if not day.room.is_full]
        self.choose_from("meeting", [(str(one.pk), str(one.slot)) for one in open_days])
        self.initial.setdefault("what", _kinds(offer)[0][0])
        if open_days:
            self.initial.setdefault("meeting", str(open_days[0].pk))

    @property
    def is_trial(self) -> bool:
        return self.cleaned_data["what"] == TRIAL


def _kinds(offer: ClassOffer) -> list[tuple[str, str]]:
    found = []
    if offer.trial_price is not None:
        price = show(offer.trial_price, settings.CURRENCY) if offer.trial_price else "free"
        found.append((TRIAL, f"A trial, {price}: once, for whoever is new to {_new_to()}"))
    if offer.drop_in_price is not None:
        found.append((DROP_IN, f"A single class, {show(offer.drop_in_price, settings.CURRENCY)}"))
    return found


def _new_to() -> str:
    return "this class" if settings.TRIALS_FOR == "subject" else "the school"
