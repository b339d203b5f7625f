from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from common.declared_permissions import model_permissions


class BillingConfig(AppConfig):
    name = "billing"
    verbose_name = _("Orders and money")

    ROLES = {
        "Admin": [
            *model_permissions("billing", order="view change cancel", orderline="view", processedwebhook="view"),
            *model_permissions("billing", payment="view add", refund="view add", dispute="view", credit="view give"),
            *model_permissions("billing", paymentissue="view change", discountcode="view add change delete"),
            *model_permissions("billing", voucher="view add change", voucherentry="view"),
        ],
    }

    def ready(self) -> None:
        from billing import checks, signals  # noqa: F401  importing them registers them
