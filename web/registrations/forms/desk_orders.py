"""What the desk enters into an order: people with their classes, and how the order is paid."""

from decimal import Decimal
from typing import Any, cast

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.forms import CheckoutCodeForm, DueDateField
from classwork.models import ClassOffer, ClassRole
from registrations.domain.desk_orders import DeskChoice
from registrations.forms.registration import PersonForm
from registrations.rules.role_balance import EITHER
from users.models import Student


class DeskChoiceForm(PersonForm):
    """A person and their classes. It may stay empty when the order has lines already."""

    field_order = ("first_name", "last_name", "email")

    classes = forms.ModelMultipleChoiceField(
        label=_("Classes"), queryset=ClassOffer.objects.none(), widget=forms.CheckboxSelectMultiple
    )
    role = forms.ChoiceField(label=_("Role"), required=False, help_text=_("For a class that has roles."))
    over_capacity = forms.BooleanField(label=_("Register anyway if the class is full"), required=False)

    def __init__(
        self, class_offers: "QuerySet[ClassOffer]", student: Student | None, *args: Any, may_exceed: bool, **kwargs: Any
    ) -> None:
        super().__init__(student, *args, use_required_attribute=False, **kwargs)
        cast(forms.ModelMultipleChoiceField, self.fields["classes"]).queryset = class_offers
        named = ClassRole.objects.filter(class_offer__in=class_offers).order_by("name")
        roles = [(name, name.capitalize()) for name in named.values_list("name", flat=True).distinct()]
        choices = [("", "–"), *roles, (EITHER, gettext("Either is fine"))]
        cast(forms.ChoiceField, self.fields["role"]).choices = choices
        if not roles:
            del self.fields["role"]
        if not may_exceed:
            del self.fields["over_capacity"]

    @property
    def choice(self) -> DeskChoice | None:
        data = self.cleaned_data
        if not data.get("classes"):
            return None
        class_ids = [class_offer.pk for class_offer in data["classes"]]
        return DeskChoice(
            self.person, class_ids, role=data.get("role", ""), over_capacity=data.get("over_capacity", False)
        )


class DeskOrderForm(CheckoutCodeForm):
    """The page's totals are compared with those of the order if nothing was added after they were shown."""

    pay_by = DueDateField(label=_("Due date"), required=False, help_text=_("Leave empty to pay at the door."))
    why = forms.CharField(label=_("Reason"), max_length=300, required=False, help_text=_("Shown in the history."))
    seen_now = forms.DecimalField(widget=forms.HiddenInput, max_digits=14, decimal_places=3, required=False)
    seen_door = forms.DecimalField(widget=forms.HiddenInput, max_digits=14, decimal_places=3, required=False)

    @property
    def new_code(self) -> str | None:
        return self.cleaned_data["code"] if self.cleaned_data["code"] != self.initial.get("code", "") else None

    @property
    def seen(self) -> tuple[Decimal, Decimal] | None:
        seen = self.cleaned_data["seen_now"], self.cleaned_data["seen_door"]
        return None if None in seen else seen
