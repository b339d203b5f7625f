"""The links of this app in the menus, and what needs attention at the desk."""

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from billing.domain import payment_issues
from common.navigation import MONEY, NavLink
from common.work_lists import WorkItem


def vouchers_are_sold() -> bool:
    return settings.SELL_VOUCHERS


ACCOUNT_LINKS = [NavLink(_("Orders"), "my_orders"), NavLink(_("Credit"), "my_credit")]

FOOTER_LINKS = [NavLink(_("Gift vouchers"), "vouchers", is_shown=vouchers_are_sold)]

HEADER_TEMPLATES = ["billing/header.html"]

DESK_LINKS = [
    NavLink(_("Orders"), "desk_orders", _("All orders and whether they are paid."), MONEY, position=10),
    NavLink(_("Payments"), "desk_payments", _("Payments and refunds."), MONEY, position=20),
    NavLink(_("Credit"), "desk_credit", _("Account credit of each payer."), MONEY),
    NavLink(_("Gift vouchers"), "desk_vouchers", _("Issued vouchers and their balances."), MONEY),
    NavLink(
        _("Discount codes"),
        "admin:billing_discountcode_changelist",
        _("Codes that reduce the price of an order."),
        MONEY,
    ),
    NavLink(_("Payment issues"), "desk_payment_issues", _("Payments that need a decision."), MONEY),
]

DESK_WORK = [
    WorkItem(
        _("payment issue to resolve"), _("payment issues to resolve"), "desk_payment_issues", payment_issues.open_issues
    ),
]
