from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BillingConfig(AppConfig):
    name = "billing"
    verbose_name = _("Orders and money")

    ROLES = {
        "Admin": [
            "billing.view_order",
            "billing.change_order",
            "billing.cancel_order",
            "billing.view_orderline",
            "billing.view_payment",
            "billing.add_payment",
            "billing.view_refund",
            "billing.view_dispute",
            "billing.view_processedwebhook",
            "billing.add_refund",
            "billing.view_credit",
            "billing.give_credit",
            "billing.view_paymentissue",
            "billing.change_paymentissue",
            "billing.view_discountcode",
            "billing.add_discountcode",
            "billing.change_discountcode",
            "billing.delete_discountcode",
            "billing.view_voucher",
            "billing.add_voucher",
            "billing.change_voucher",
            "billing.view_voucherentry",
        ],
    }

    def ready(self) -> None:
        from billing import checks, signals  # noqa: F401  importing them registers them
