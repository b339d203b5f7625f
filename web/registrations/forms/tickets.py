"""Buying a drop-in or a trial: the day, the kind of ticket and the people."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from classwork.models import ClassOffer, Meeting
from common.formats import format_money
from common.forms import set_choices
from registrations.domain.ticket_sales import TicketDay
from registrations.forms.registration import AttendeeForm, PersonForm, RoleField

DROP_IN, TRIAL = "drop_in", "trial"


def trial_label(trial_price: Decimal) -> str:
    price = format_money(trial_price, settings.CURRENCY) if trial_price else gettext("free")
    if settings.TRIALS_FOR == "subject":
        return gettext("Trial, %(price)s: once, if you’re new to this class") % {"price": price}
    return gettext("Trial, %(price)s: once, if you’re new to the school") % {"price": price}


class TicketDayForm(forms.Form):
    meeting = forms.ChoiceField(label=_("Which day?"), widget=forms.RadioSelect)
    what = forms.ChoiceField(label=_("What would you like?"), widget=forms.RadioSelect)

    def offer_days(self, class_offer: ClassOffer, days: Sequence[TicketDay]) -> None:
        self.days = days
        kinds = []
        if class_offer.trial_price is not None:
            kinds.append((TRIAL, trial_label(class_offer.trial_price)))
        if class_offer.drop_in_price is not None:
            price = format_money(class_offer.drop_in_price, settings.CURRENCY)
            kinds.append((DROP_IN, gettext("Drop-in, %(price)s") % {"price": price}))
        set_choices(self, "what", kinds, select_first=True)
        open_days = [(str(day.meeting.pk), str(day.meeting.slot)) for day in days if not day.availability.is_full]
        set_choices(self, "meeting", open_days, select_first=True)

    @property
    def is_trial(self) -> bool:
        return bool(self.cleaned_data["what"] == TRIAL)

    @property
    def chosen_meeting(self) -> Meeting:
        return next(day.meeting for day in self.days if str(day.meeting.pk) == self.cleaned_data["meeting"])


class TicketForm(TicketDayForm, AttendeeForm):
    field_order = ("what", "meeting", "who")

    def __init__(self, class_offer: ClassOffer, days: Sequence[TicketDay], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer_days(class_offer, days)


class SellTicketForm(TicketDayForm, PersonForm):
    """A ticket sold at the desk."""

    field_order = ("what", "meeting", "first_name", "last_name", "email", "role")

    def __init__(self, class_offer: ClassOffer, days: Sequence[TicketDay], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer_days(class_offer, days)
        self.fields["what"].label = gettext("Type")
        if roles := [role.name for role in class_offer.roles.all()]:
            self.fields["role"] = RoleField(roles, label=_("Role"))
