from django.apps import AppConfig


class AccountingConfig(AppConfig):
    name = "accounting"
    verbose_name = "Accounting"

    ROLES = {
        "Admin": [
            "accounting.view_reconciliation",
            "accounting.reconcile",
            "accounting.view_cashcount",
            "accounting.add_cashcount",
            "accounting.export_ledger",
        ],
    }
