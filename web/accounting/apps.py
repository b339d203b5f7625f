from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from common.declared_permissions import model_permissions


class AccountingConfig(AppConfig):
    name = "accounting"
    verbose_name = _("Accounting")

    ROLES = {
        "Admin": [
            *("accounting.reconcile", "accounting.export_ledger"),
            *model_permissions("accounting", reconciliation="view", cashcount="view add"),
        ],
    }
