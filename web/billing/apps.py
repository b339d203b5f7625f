from django.apps import AppConfig
from django.conf import settings

MONEY = "Money"


class BillingConfig(AppConfig):
    name = "billing"
    verbose_name = "Orders and money"

    ROLES = {
        "Admin": [
            "billing.view_order",
            "billing.change_order",
            "billing.cancel_order",
            "billing.view_orderline",
            "billing.view_payment",
            "billing.add_payment",
            "billing.view_refund",
            "billing.view_dispute",
            "billing.view_webhookevent",
            "billing.add_refund",
            "billing.view_credit",
            "billing.give_credit",
            "billing.view_reconciliation",
            "billing.reconcile",
            "billing.view_tillcount",
            "billing.add_tillcount",
            "billing.export_books",
            "billing.view_case",
            "billing.change_case",
            "billing.view_code",
            "billing.add_code",
            "billing.change_code",
            "billing.delete_code",
            "billing.view_voucher",
            "billing.add_voucher",
            "billing.change_voucher",
            "billing.view_voucherentry",
        ],
    }
    DESK_LINKS = [
        ("Orders", "desk_orders", "billing.view_order", "Who ordered what, and whether it is paid.", MONEY),
        ("Payments", "desk_payments", "billing.view_payment", "Payments and refunds.", MONEY),
        (
            "Reconciliation",
            "desk_reconciliations",
            "billing.view_reconciliation",
            "Compare our records with Stripe and PayPal.",
            MONEY,
        ),
        ("Daily cash count", "desk_day", "billing.view_tillcount", "Cash and checks of a day, counted.", MONEY),
        ("Bookkeeping", "desk_books", "billing.export_books", "Export for the accounting software.", MONEY),
        ("Credit", "desk_credit", "billing.view_credit", "Account credit of each payer.", MONEY),
        (
            "Gift vouchers",
            "desk_vouchers",
            "billing.view_voucher",
            "Issued, used, and what is left on them.",
            MONEY,
        ),
        (
            "Discount codes",
            "admin:billing_code_changelist",
            "billing.view_code",
            "Codes that reduce the price of an order.",
            MONEY,
        ),
        ("Payment issues", "desk_cases", "billing.view_case", "Payments that need a decision.", MONEY),
    ]
    DESK_WORK = [
        (
            "payment issue to resolve",
            "payment issues to resolve",
            "desk_cases",
            "",
            "billing.view_case",
            "billing.domain.cases.open_ones",
        ),
        (
            "difference between our records and the payment companies'",
            "differences between our records and the payment companies'",
            "desk_reconciliations",
            "",
            "billing.view_reconciliation",
            "billing.domain.reconciling.summing.open_ones",
        ),
    ]
    HEADER = ["billing/header.html"]
    ACCOUNT_LINKS = [("Orders", "my_orders"), ("Credit", "my_credit")]

    @property
    def FOOTER_LINKS(self) -> list[tuple[str, str]]:  # noqa: N802  a constant of every other app
        return [("Gift vouchers", "vouchers")] if settings.SELL_VOUCHERS else []

    def ready(self) -> None:
        from billing import checks, signals  # noqa: F401  they register themselves
