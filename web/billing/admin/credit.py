from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from billing.admin.shared import link_to_desk, money_column
from billing.models import Credit, Voucher, VoucherEntry
from common.admin import ReadOnlyAdmin, column


@admin.register(Credit)
class CreditAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ["created_at", "account", "reason", "amount_text", "order", "note", "created_by", "desk"]
    list_filter = ["reason", "created_at"]
    search_fields = ["account__email", "note"]
    list_select_related = ["account", "order", "created_by"]
    amount_text = money_column("amount", _("amount"))
    readonly_fields = ["desk", "account", "reason", "amount_text", "note", "order", "created_by", "created_at"]
    fields = [*readonly_fields]

    desk = column(_("at the desk"), lambda entry: link_to_desk("desk_credit_of", entry.account_id))


@admin.register(Voucher)
class VoucherAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = [
        *("mark", "created_at", "gift", "worth_text", "balance_text", "recipient_name", "expires_on", "line"),
        "desk",
    ]
    list_filter = ["created_at", "expires_on", ("voided_at", admin.EmptyFieldListFilter)]
    search_fields = ["=code", "recipient_name", "recipient_email", "giver_name", "=line__order__id"]
    list_select_related = ["line"]
    worth_text = money_column("face_value", _("worth"))
    balance_text = money_column("balance", _("balance"))
    readonly_fields = [
        *("desk", "mark", "gift", "worth_text", "balance_text", "line", "issued_by", "created_at"),
        *("recipient_name", "recipient_email", "giver_name", "message", "deliver_on", "delivered_at"),
        *("expires_on", "reminded_for", "voided_at"),
    ]
    fields = [*readonly_fields]

    desk = column(_("at the desk"), lambda voucher: link_to_desk("desk_voucher", voucher.pk))


@admin.register(VoucherEntry)
class VoucherEntryAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ["created_at", "voucher", "reason", "amount_text", "order", "note", "created_by", "desk"]
    list_filter = ["reason", "created_at"]
    search_fields = ["=voucher__code", "=order__id", "note"]
    list_select_related = ["voucher", "order", "created_by"]
    amount_text = money_column("amount", _("amount"), "voucher.currency")
    readonly_fields = ["desk", "voucher", "reason", "amount_text", "note", "order", "created_by", "created_at"]
    fields = [*readonly_fields]

    desk = column(_("at the desk"), lambda entry: link_to_desk("desk_voucher", entry.voucher_id))
