"""Billing's forms for payers and for the desk."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing import gateways
from billing.domain.orders.cart import CartSnapshot
from billing.domain.orders.placement import PlacementOptions
from billing.domain.payments.received_moments import ASK, MomentChoice
from billing.models import Order
from billing.rules.terms import REFUND_METHOD_LABELS, RefundMethod, TermsStep
from common import names
from common.amounts import AmountInput
from common.days import DayField
from common.formats import format_date
from common.forms import ReasonForm
from users.forms.fields import NameField

DOOR, LATER = "door", "later"
LONGEST_DUE = timedelta(days=366)


class PayerForm(forms.ModelForm):
    payer_name = NameField(label=_("Your name"), autocomplete="name", max_length=200)

    class Meta:
        model = Order
        fields = ["payer_name", "payer_email", "street", "city", "area", "postcode", "country"]
        labels = {
            "payer_email": _("Your email"),
            "street": _("Street"),
            "city": _("City"),
            "country": _("Country"),
        }
        help_texts = {"payer_email": _("We’ll send your receipt here.")}
        widgets = {
            "payer_email": forms.EmailInput({"autocomplete": "email"}),
            "street": forms.TextInput({"autocomplete": "street-address"}),
            "city": forms.TextInput({"autocomplete": "address-level2"}),
            "area": forms.TextInput({"autocomplete": "address-level1"}),
            "postcode": forms.TextInput({"autocomplete": "postal-code"}),
            "country": forms.TextInput({"autocomplete": "country-name"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["payer_email"].required = True
        if not settings.BILLING_ADDRESS:
            for name in ("street", "city", "area", "postcode", "country"):
                del self.fields[name]

    def clean_payer_email(self) -> str:
        return names.email_key(self.cleaned_data["payer_email"])


class CheckoutCodeForm(forms.Form):
    code = forms.CharField(label=_("Discount code or gift voucher"), max_length=40, required=False)


class PlaceOrderForm(forms.Form):
    """The last step of the checkout. The totals that the payer saw are compared with ours and never trusted."""

    seen_now = forms.DecimalField(widget=forms.HiddenInput, max_digits=14, decimal_places=3)
    seen_door = forms.DecimalField(widget=forms.HiddenInput, max_digits=14, decimal_places=3)
    seen_vouchers = forms.DecimalField(widget=forms.HiddenInput, max_digits=14, decimal_places=3, required=False)

    def __init__(
        self,
        terms_version: str,
        pay_by: date | None,
        *args: Any,
        snapshot: CartSnapshot | None = None,
        **kwargs: Any,
    ) -> None:
        """The page shows what fits the snapshot. Without one, the choice is checked when the order is placed."""
        super().__init__(*args, **kwargs)
        self.terms_version, self.pay_by = terms_version, pay_by
        if snapshot is None or snapshot.total_after_vouchers:
            may_pay_at_door = snapshot is None or snapshot.at_the_door
            methods = gateways.online_methods() + ([(DOOR, gettext("At the door"))] if may_pay_at_door else [])
            later = gettext("Later, by %(date)s") % {"date": format_date(pay_by)} if pay_by else ""
            methods += [(LATER, later)] if pay_by else []
            self.fields["method"] = forms.ChoiceField(
                label=gettext("How would you like to pay?"),
                choices=methods,
                widget=forms.RadioSelect,
                initial=methods[0][0] if methods else None,
                required=snapshot is not None,
            )
        if terms_version:
            self.fields["terms"] = forms.BooleanField(label=gettext("I agree to the terms"))

    @property
    def offers_later(self) -> bool:
        choices = dict(self.fields["method"].choices) if "method" in self.fields else {}  # type: ignore[attr-defined]
        return DOOR in choices or LATER in choices

    @property
    def how(self) -> PlacementOptions:
        due = {DOOR: Order.Due.DOOR, LATER: Order.Due.DATE}.get(self.cleaned_data.get("method", ""), Order.Due.NOW)
        return PlacementOptions(
            due,
            due_date=self.pay_by if due == Order.Due.DATE else None,
            terms_version=self.terms_version,
            by_vouchers=self.cleaned_data["seen_vouchers"],
        )

    @property
    def seen(self) -> tuple[Decimal, Decimal]:
        return self.cleaned_data["seen_now"], self.cleaned_data["seen_door"]


class AmountForm(forms.Form):
    amount = AmountInput(label=_("Amount"), max_digits=14, decimal_places=3, min_value=Decimal("0.001"))


class ExpectedAmountField(forms.DecimalField):
    """The amount that the page showed, which reveals a second click or an outdated page.

    When the form is shown again it has the current amount.
    """

    def __init__(self) -> None:
        super().__init__(max_digits=14, decimal_places=3, required=False, widget=forms.HiddenInput)

    def bound_data(self, data: Any, initial: Any) -> Any:
        return initial


class RecordPaymentForm(AmountForm):
    received = ExpectedAmountField()
    variant = forms.ChoiceField(label=_("Method"), choices=gateways.desk_methods)
    received_on = DayField(label=_("Received on"), initial=timezone.localdate)
    reference = forms.CharField(
        label=_("Reference"), max_length=100, required=False, help_text=_("Number of the check or transfer.")
    )
    accept_changes = forms.BooleanField(
        label=_("Reserve what is still available"),
        required=False,
        help_text=_("Only if something is sold out or costs more now, and the payer agrees."),
    )

    moment = forms.ChoiceField(label=ASK, widget=forms.RadioSelect, required=False)

    field_order = ["amount", "variant", "received_on", "moment"]

    def __init__(self, *args: Any, has_expired: bool, moments: Sequence[MomentChoice] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.moments = {choice.value: choice for choice in moments}
        if not has_expired:
            del self.fields["accept_changes"]
        if not moments:
            del self.fields["moment"]
            return
        days = sorted({choice.day for choice in self.moments.values()})
        has_several_days = len(days) > 1
        self.initial.pop("amount", None)  # The amount depends on the moment that is chosen.
        self.fields["amount"].required = False
        self.fields["amount"].help_text = gettext("Leave empty for the full amount due at that time.")
        field = self.fields["moment"]
        field.choices = [  # type: ignore[attr-defined]
            (value, f"{format_date(choice.day)}: {choice.label}" if has_several_days else choice.label)
            for value, choice in self.moments.items()
        ]
        field.help_text = gettext("If it was received on %(dates)s.") % {"dates": ", ".join(map(format_date, days))}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "moment" not in self.fields:
            return data
        day, choice = data.get("received_on"), self.moments.get(data.get("moment", ""))
        needs_moment = day in {other.day for other in self.moments.values()}
        if needs_moment and "moment" not in self.errors and (choice is None or choice.day != day):
            self.add_error("moment", ASK)
        data["moment"] = choice.moment if choice and choice.day == day else None
        return data

    def clean_received_on(self) -> Any:
        day = self.cleaned_data["received_on"]
        if day > timezone.localdate():
            raise forms.ValidationError(gettext("This day is in the future."))
        return day


class RefundForm(AmountForm):
    received = ExpectedAmountField()
    why = forms.CharField(label=_("Reason"), max_length=300)


class DueDateField(DayField):
    def validate(self, value: date | None) -> None:
        super().validate(value)
        today = timezone.localdate()
        if value is not None and not today <= value <= today + LONGEST_DUE:
            raise forms.ValidationError(gettext("Please choose a day within the next year."))


class DueDateForm(ReasonForm):
    due_date = DueDateField(label=_("Due date"))

    field_order = ["due_date", "why"]


class ExpectedQuoteField(forms.CharField):
    """The fingerprint of the quote that the page showed. When the form is shown again it has the current one."""

    def __init__(self) -> None:
        super().__init__(max_length=40, required=False, widget=forms.HiddenInput)

    def bound_data(self, data: Any, initial: Any) -> Any:
        return initial


class CancelLineForm(ReasonForm):
    """The cancellation of a line at the desk. The initial values are those of the terms."""

    percent = forms.DecimalField(
        label=_("Percentage to refund"), min_value=0, max_value=100, max_digits=5, decimal_places=2
    )
    gives = forms.ChoiceField(label=_("Refund as"), choices=REFUND_METHOD_LABELS)
    seen = ExpectedQuoteField()

    field_order = ["percent", "gives", "why", "seen"]

    def __init__(self, *args: Any, step: TermsStep, has_account: bool, **kwargs: Any) -> None:
        kwargs["initial"] = {"percent": step.percent, "gives": step.gives}
        super().__init__(*args, **kwargs)
        if not has_account:
            del self.fields["gives"]

    @property
    def terms_step(self) -> TermsStep:
        data = self.cleaned_data if self.is_bound else self.initial
        return TermsStep(data["percent"], data.get("gives", RefundMethod.REFUND))


class CreditForm(forms.Form):
    amount = AmountInput(
        label=_("Amount"), max_digits=14, decimal_places=3, help_text=_("A negative amount removes credit.")
    )
    why = forms.CharField(label=_("Reason"), max_length=300)


class ResolvePaymentIssueForm(forms.Form):
    answer = forms.CharField(label=_("Resolution"), max_length=500)
