from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db import transaction
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.domain.pricing import discount_codes
from billing.forms.discount_codes import DiscountCodeForm
from billing.models import DiscountCode
from common.admin import column
from common.formats import format_date, format_moment, format_money, format_percent
from history.domain import record_action


class DiscountCodeChangeList(ChangeList):
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        discount_codes.annotate_scopes(list(self.result_list))


@admin.register(DiscountCode)
class DiscountCodeAdmin(admin.ModelAdmin):
    form = DiscountCodeForm
    fields = ["code", "label", ("percent", "amount"), "applies_to", "student", "limit", ("valid_from", "valid_until")]
    list_display = ["code", "discount", "scope", "student", "used", "limit", "valid_from", "ends"]
    search_fields = ["code", "label"]
    list_select_related = ["student"]
    autocomplete_fields = ["student"]

    class Media:
        js = ["js/name_autocomplete.js"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return discount_codes.annotate_uses(super().get_queryset(request), timezone.now())

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return DiscountCodeChangeList

    @admin.display(description=_("discount"))
    def discount(self, code: DiscountCode) -> str:
        if code.percent is not None:
            return format_percent(code.percent)
        return format_money(code.amount, settings.CURRENCY)

    scope = column(_("applies to"), lambda code: str(code.scope))
    used = column(_("used"), lambda code: int(code.used), ordering="used")

    @admin.display(description=_("valid until"), ordering="valid_until", empty_value="-")
    def ends(self, code: DiscountCode) -> str | None:
        if code.valid_until is None:
            return None
        day = discount_codes.last_valid_day(code)
        return gettext("Through %(date)s") % {"date": format_date(day)} if day else format_moment(code.valid_until)

    def save_model(self, request: HttpRequest, obj: DiscountCode, form: ModelForm, change: bool) -> None:
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            record_action(
                request.user, "billing.code_changed" if change else "billing.code_created", obj, code=obj.code
            )
