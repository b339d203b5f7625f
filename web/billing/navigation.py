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
    NavLink(
        _("Orders"),
        "desk_orders",
        position=10,
        permission="billing.view_order",
        about=_("All orders and whether they are paid."),
        group=MONEY,
    ),
    NavLink(
        _("Payments"),
        "desk_payments",
        position=20,
        permission="billing.view_payment",
        about=_("Payments and refunds."),
        group=MONEY,
    ),
    NavLink(
        _("Credit"),
        "desk_credit",
        permission="billing.view_credit",
        about=_("Account credit of each payer."),
        group=MONEY,
    ),
    NavLink(
        _("Gift vouchers"),
        "desk_vouchers",
        permission="billing.view_voucher",
        about=_("Issued vouchers and their balances."),
        group=MONEY,
    ),
    NavLink(
        _("Discount codes"),
        "admin:billing_discountcode_changelist",
        permission="billing.view_discountcode",
        about=_("Codes that reduce the price of an order."),
        group=MONEY,
    ),
    NavLink(
        _("Payment issues"),
        "desk_payment_issues",
        permission="billing.view_paymentissue",
        about=_("Payments that need a decision."),
        group=MONEY,
    ),
]

DESK_WORK = [
    WorkItem(
        one=_("payment issue to resolve"),
        many=_("payment issues to resolve"),
        url_name="desk_payment_issues",
        permission="billing.view_paymentissue",
        rows=payment_issues.open_issues,
    ),
]
