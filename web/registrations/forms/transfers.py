"""Moving a spot to another class, and transferring it to another person."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from classwork.models import ClassOffer, ClassRole
from registrations.domain.attendees import TypedPerson
from registrations.domain.transfers.to_class import DeskOverride, TransferRequest
from registrations.forms.registration import ClassOfferField, RoleField
from registrations.models import Registration
from registrations.rules.role_balance import EITHER
from users.forms.fields import AddressField, NameField
from users.models import User

Readiness = Registration.Readiness
READY = [(Readiness.READY, _("Yes")), (Readiness.UNSURE, _("I’m not sure"))]


class TransferForm(forms.Form):
    """The confirmation of a move. `seen` is the fingerprint of the price that was shown."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    def __init__(self, roles: Sequence[str], asks_level: bool, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if roles:
            self.fields["role"] = RoleField(roles)
        if asks_level:
            self.fields["ready"] = forms.ChoiceField(
                label=_("Have you taken it, here or elsewhere?"), choices=READY, widget=forms.RadioSelect
            )

    def transfer_request(self, class_offer: ClassOffer) -> TransferRequest:
        data = self.cleaned_data
        return TransferRequest(class_offer, data.get("role", ""), data.get("ready", ""))


class TransferToPersonForm(forms.Form):
    first_name = NameField(label=_("First name"))
    last_name = NameField(label=_("Last name"), required=False)
    email = AddressField(
        label=_("Their email"), help_text=_("We’ll send them the details. For a child, use a parent’s email.")
    )
    ready = forms.ChoiceField(
        label=_("Have they taken it, here or elsewhere?"), choices=READY, widget=forms.RadioSelect, required=False
    )

    def __init__(self, asks_level: bool, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["ready"].required = asks_level
        if not asks_level:
            del self.fields["ready"]

    @property
    def person(self) -> TypedPerson:
        data = self.cleaned_data
        return TypedPerson(data["first_name"], data["last_name"], data["email"])


class DeskTransferToPersonForm(TransferToPersonForm):
    why = forms.CharField(label=_("Why"), max_length=300, help_text=_("Kept in the history."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(False, *args, **kwargs)


class DeskTransferForm(forms.Form):
    """The first button shows the price, and the second one moves the spot."""

    class_offer = ClassOfferField(label=_("New class"), queryset=ClassOffer.objects.none())
    role = forms.ChoiceField(label=_("Role"), required=False, help_text=_("For a class that has roles."))
    waived = forms.BooleanField(label=_("Waive the difference"), required=False)
    over_capacity = forms.BooleanField(label=_("Move anyway if the class is full"), required=False)
    why = forms.CharField(label=_("Why"), max_length=300, help_text=_("Kept in the history."))

    def __init__(self, class_offers: "QuerySet[ClassOffer]", staff: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.staff = staff
        cast(ClassOfferField, self.fields["class_offer"]).queryset = class_offers
        names = (
            ClassRole.objects.filter(class_offer__in=class_offers)
            .order_by("name")
            .values_list("name", flat=True)
            .distinct()
        )
        choices = [
            ("", "–"),
            *((name, name.capitalize()) for name in names),
            (EITHER, gettext("Either, whichever is needed")),
        ]
        cast(forms.ChoiceField, self.fields["role"]).choices = choices
        if len(choices) == 2:
            del self.fields["role"]
        if not staff.has_perm("registrations.exceed_capacity"):
            del self.fields["over_capacity"]
        if not staff.has_perm("billing.give_credit"):
            del self.fields["waived"]

    @property
    def transfer_request(self) -> TransferRequest:
        return TransferRequest(self.cleaned_data["class_offer"], self.cleaned_data.get("role", ""))

    @property
    def by(self) -> DeskOverride:
        data = self.cleaned_data
        return DeskOverride(self.staff, data["why"], data.get("over_capacity", False), data.get("waived", False))
