"""The links of this app in the menus, and what needs attention at the desk."""

from django.utils.translation import gettext_lazy as _

from accounting.domain.reconciliation import totals
from common.navigation import MONEY, NavLink
from common.work_lists import WorkItem

DESK_LINKS = [
    NavLink(
        _("Reconciliation"),
        "desk_reconciliations",
        _("Compare our records with Stripe and PayPal."),
        MONEY,
        position=30,
    ),
    NavLink(_("Daily cash count"), "desk_day", _("Count the cash and checks of a day."), MONEY, position=40),
    NavLink(_("Bookkeeping"), "desk_ledger", _("Export for the accounting software."), MONEY, position=50),
]

DESK_WORK = [
    WorkItem(
        _("difference between our records and the payment companies'"),
        _("differences between our records and the payment companies'"),
        "desk_reconciliations",
        totals.open_findings,
    ),
]
