from django.apps import AppConfig


class AccountingConfig(AppConfig):
    name = "accounting"
    verbose_name = "Accounting"

    ROLES = {
        "Admin": [
            "accounting.view_reconciliation",
            "accounting.reconcile",
            "accounting.view_tillcount",
            "accounting.add_tillcount",
            "accounting.export_books",
        ],
    }
