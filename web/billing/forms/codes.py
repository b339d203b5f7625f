"""Making a discount code: what it is for is chosen from what is sold."""

from typing import Any

from django import forms
from django.utils import timezone

from billing.domain import codes
from billing.models import Code


class DiscountCodeForm(forms.ModelForm):
    applies_to = forms.ChoiceField(label="Applies to", required=False, help_text="A whole kind, or one product.")

    class Meta:
        model = Code
        fields = ["text", "label", "percent", "amount", "student", "limit", "valid_from", "valid_until"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["applies_to"].choices = codes.scope_choices(timezone.now(), self.instance)  # type: ignore[attr-defined]
        self.fields["applies_to"].initial = codes.scope_value(self.instance)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        kind, _, product = said.get("applies_to", "").partition(":")
        self.instance.kind, self.instance.product_id = kind, int(product) if product else None
        return said
