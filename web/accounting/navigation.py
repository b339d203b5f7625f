"""The links of this app in the menus, and what needs attention at the desk."""

from django.utils.translation import gettext_lazy as _

from accounting.domain.reconciliation import totals
from common.navigation import MONEY, NavLink
from common.work_lists import WorkItem

DESK_LINKS = [
    NavLink(
        _("Reconciliation"),
        "desk_reconciliations",
        position=30,
        permission="accounting.view_reconciliation",
        about=_("Compare our records with Stripe and PayPal."),
        group=MONEY,
    ),
    NavLink(
        _("Daily cash count"),
        "desk_day",
        position=40,
        permission="accounting.view_cashcount",
        about=_("Count the cash and checks of a day."),
        group=MONEY,
    ),
    NavLink(
        _("Bookkeeping"),
        "desk_ledger",
        position=50,
        permission="accounting.export_ledger",
        about=_("Export for the accounting software."),
        group=MONEY,
    ),
]

DESK_WORK = [
    WorkItem(
        one=_("difference between our records and the payment companies'"),
        many=_("differences between our records and the payment companies'"),
        url_name="desk_reconciliations",
        permission="accounting.view_reconciliation",
        rows=totals.open_findings,
    ),
]
