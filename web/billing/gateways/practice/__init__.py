"""The practice gateway has three buttons and takes no money. It is for development and for trying out the site."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from payments import PaymentStatus, RedirectNeeded

from billing.gateways import Gateway
from billing.gateways.facts import RefundAnswer
from billing.models import Payment, Refund
from billing.models.payments import OPEN

ANSWERS = {
    "pay": (PaymentStatus.CONFIRMED, ""),
    "decline": (PaymentStatus.REJECTED, "The practice bank declined."),
    "cancel": (PaymentStatus.CANCELLED, ""),
}


class PracticeForm(forms.Form):
    answer = forms.ChoiceField(choices=[(name, name.title()) for name in ANSWERS], widget=forms.HiddenInput)


class Practice(Gateway):
    label = "Practice payment (no real money)"

    def get_form(self, payment: Payment, data: Mapping[str, Any] | None = None) -> forms.Form:
        form = PracticeForm(data)
        if payment.status in OPEN:
            if not form.is_valid():
                return form
            payment.change_status(*ANSWERS[form.cleaned_data["answer"]], only_open=True)
        raise RedirectNeeded(self.redirect_after_payment(payment).url)

    def refund(self, payment: Payment, amount: Decimal | None = None, *, key: str = "") -> RefundAnswer:
        return RefundAnswer(Refund.State.DONE, reference=f"practice-{key}")
