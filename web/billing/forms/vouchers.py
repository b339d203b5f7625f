"""The forms for buying, issuing, redeeming and extending gift vouchers."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing import gateways
from billing.domain.product_kinds import GiftOption
from billing.domain.vouchers import sales
from billing.domain.vouchers.details import VoucherDetails
from billing.models import Voucher
from billing.models.vouchers import LONGEST_MESSAGE
from common import names
from common.amounts import AmountInput
from common.days import DayField
from common.formats import format_money
from common.forms import set_choices
from common.money import round_amount
from users.forms.fields import NameField

OTHER, CLASS, SCHOOL = "other", "class", "school"
FURTHEST = timedelta(days=366)


class VoucherForm(forms.Form):
    """The gift, its recipient and a message."""

    gift = forms.ChoiceField(label=_("What would you like to give?"), widget=forms.RadioSelect)
    amount = AmountInput(label=_("Amount"), max_digits=14, decimal_places=3)
    which = forms.ChoiceField(label=_("Class"), help_text=_("Good for this class whenever they choose to take it."))
    recipient_name = NameField(label=_("Who is it for?"), required=False)
    giver_name = NameField(label=_("From"), required=False, help_text=_("As it should appear on the voucher."))
    message = forms.CharField(
        label=_("Message"), max_length=LONGEST_MESSAGE, required=False, widget=forms.Textarea({"rows": 4})
    )
    recipient_email = forms.EmailField(
        label=_("Their email"),
        max_length=254,
        required=False,
        help_text=_("We’ll send them the voucher. Leave empty to give it yourself: you’ll get a page to print."),
    )
    deliver_on = DayField(label=_("Send on"), required=False, initial=timezone.localdate)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.gifts = sales.gift_options(timezone.now())
        least = format_money(settings.VOUCHER_MINIMUM, settings.CURRENCY)
        most = format_money(settings.VOUCHER_MAXIMUM, settings.CURRENCY)
        self.fields["amount"].help_text = gettext("From %(least)s to %(most)s.") % {"least": least, "most": most}
        amounts = [(f"{amount}", format_money(amount, settings.CURRENCY)) for amount in sales.offered_amounts()]
        a_class = [(CLASS, gettext("A class"))] if self.gifts else []
        set_choices(self, "gift", [*amounts, (OTHER, gettext("Another amount")), *a_class], select_first=True)
        classes = [
            (key, f"{gift.title} ({format_money(gift.price, settings.CURRENCY)})") for key, gift in self.gifts.items()
        ]
        set_choices(self, "which", [("", gettext("Please choose")), *classes], select_first=True)
        if not self.gifts:
            del self.fields["which"]
        self._require_for_choice("amount", "gift", OTHER)
        self._require_for_choice("which", "gift", CLASS)

    def _require_for_choice(self, name: str, choice_field: str, choice: str) -> None:
        """Require a field only if this choice is made in another field."""
        if name in self.fields:
            self.fields[name].required = not self.is_bound or self.data.get(choice_field) == choice

    def clean_recipient_email(self) -> str:
        return names.email_key(self.cleaned_data["recipient_email"])

    def clean_deliver_on(self) -> date | None:
        day: date | None = self.cleaned_data["deliver_on"]
        today = timezone.localdate()
        if day is not None and not today <= day <= today + FURTHEST:
            raise forms.ValidationError(gettext("Please choose a day from today on, within a year."))
        return day

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("gift") == OTHER and "amount" in data and (problem := sales.amount_problem(data["amount"])):
            self.add_error("amount", problem)
        return data

    @property
    def chosen(self) -> GiftOption | None:
        data = self.cleaned_data
        return self.gifts[data["which"]] if data["gift"] == CLASS else None

    @property
    def worth(self) -> Decimal:
        if self.chosen:
            return self.chosen.price
        data = self.cleaned_data
        return round_amount(data["amount"] if data["gift"] == OTHER else Decimal(data["gift"]), settings.CURRENCY)

    @property
    def words(self) -> dict[str, Any]:
        data = self.cleaned_data
        day = data["deliver_on"] or (timezone.localdate() if data["recipient_email"] else None)
        texts = {name: data[name] for name in ("recipient_name", "giver_name", "message", "recipient_email")}
        return texts | {"deliver_on": day}

    @property
    def line_details(self) -> VoucherDetails:
        if self.chosen:
            return VoucherDetails(gift=self.cleaned_data["which"], gift_title=self.chosen.title, **self.words)
        return VoucherDetails(self.worth, **self.words)


class IssueVoucherForm(VoucherForm):
    """The form at the desk for a voucher that is sold there or given by the school."""

    how = forms.ChoiceField(label=_("How is it paid?"), widget=forms.RadioSelect)
    payer_name = NameField(label=_("Buyer"), max_length=200, required=False)
    payer_email = forms.EmailField(
        label=_("Email for the receipt"), max_length=254, required=False, help_text=_("Optional.")
    )
    why = forms.CharField(
        label=_("Reason for the gift"), max_length=300, help_text=_("For example a prize or an apology.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [*gateways.desk_methods(), (SCHOOL, gettext("Not paid: a gift from the school"))]
        set_choices(self, "how", choices, select_first=True)
        self._require_for_choice("why", "how", SCHOOL)
        self.fields["gift"].label = gettext("What is it for?")


class VoucherCodeForm(forms.Form):
    code = forms.CharField(label=_("Voucher code"), max_length=40)


class ExtendVoucherForm(forms.ModelForm):
    why = forms.CharField(label=_("Reason"), max_length=300)

    class Meta:
        model = Voucher
        fields = ["expires_on"]
        labels = {"expires_on": _("Expiry date")}

    def clean_expires_on(self) -> date | None:
        day: date | None = self.cleaned_data["expires_on"]
        if day is not None and day < timezone.localdate():
            raise forms.ValidationError(gettext("This day has passed."))
        return day
