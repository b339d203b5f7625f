"""The links of this app in the menus, and what needs attention at the desk."""

from django.conf import settings

from billing.domain import payment_issues
from common.navigation import MONEY, NavLink
from common.work_lists import WorkItem


def vouchers_are_sold() -> bool:
    return settings.SELL_VOUCHERS


ACCOUNT_LINKS = [NavLink("Orders", "my_orders"), NavLink("Credit", "my_credit")]

FOOTER_LINKS = [NavLink("Gift vouchers", "vouchers", is_shown=vouchers_are_sold)]

HEADER_TEMPLATES = ["billing/header.html"]

DESK_LINKS = [
    NavLink(
        "Orders",
        "desk_orders",
        position=10,
        permission="billing.view_order",
        about="All orders and whether they are paid.",
        group=MONEY,
    ),
    NavLink(
        "Payments",
        "desk_payments",
        position=20,
        permission="billing.view_payment",
        about="Payments and refunds.",
        group=MONEY,
    ),
    NavLink(
        "Credit",
        "desk_credit",
        permission="billing.view_credit",
        about="Account credit of each payer.",
        group=MONEY,
    ),
    NavLink(
        "Gift vouchers",
        "desk_vouchers",
        permission="billing.view_voucher",
        about="Issued vouchers and their balances.",
        group=MONEY,
    ),
    NavLink(
        "Discount codes",
        "admin:billing_discountcode_changelist",
        permission="billing.view_discountcode",
        about="Codes that reduce the price of an order.",
        group=MONEY,
    ),
    NavLink(
        "Payment issues",
        "desk_payment_issues",
        permission="billing.view_paymentissue",
        about="Payments that need a decision.",
        group=MONEY,
    ),
]

DESK_WORK = [
    WorkItem(
        one="payment issue to resolve",
        many="payment issues to resolve",
        url_name="desk_payment_issues",
        permission="billing.view_paymentissue",
        rows=payment_issues.open_issues,
    ),
]
