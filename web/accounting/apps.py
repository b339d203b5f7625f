from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountingConfig(AppConfig):
    name = "accounting"
    verbose_name = _("Accounting")

    ROLES = {
        "Admin": [
            "accounting.view_reconciliation",
            "accounting.reconcile",
            "accounting.view_cashcount",
            "accounting.add_cashcount",
            "accounting.export_ledger",
        ],
    }
