from django.apps import AppConfig

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
        ("Orders", "desk_orders", "billing.view_order", "Who bought what, and whether it is paid.", MONEY),
        ("Payments", "desk_payments", "billing.view_payment", "Money that came in and money on its way back.", MONEY),
        (
            "Gateways",
            "desk_reconciliations",
            "billing.view_reconciliation",
            "Our books beside the payment companies'.",
            MONEY,
        ),
        ("Day sheet", "desk_day", "billing.view_tillcount", "Cash and cheques of a day, counted.", MONEY),
        ("Bookkeeping", "desk_books", "billing.export_books", "The books for the accountant's software.", MONEY),
        ("Credit", "desk_credit", "billing.view_credit", "What people have left with the school.", MONEY),
        (
            "Gift vouchers",
            "desk_vouchers",
            "billing.view_voucher",
            "Sold, given, used, and what is left on them.",
            MONEY,
        ),
        ("Money questions", "desk_cases", "billing.view_case", "What a person must decide.", MONEY),
    ]
    DESK_WORK = [
        (
            "money question to decide",
            "money questions to decide",
            "desk_cases",
            "",
            "billing.view_case",
            "billing.domain.cases.open_ones",
        ),
        (
            "booking that does not fit the payment company's",
            "bookings that do not fit the payment companies'",
            "desk_reconciliations",
            "",
            "billing.view_reconciliation",
            "billing.domain.reconciling.summing.open_ones",
        ),
    ]
    FOOTER_LINKS = [("Gift vouchers", "vouchers")]
    HEADER = ["billing/header.html"]
    ACCOUNT_LINKS = [("Orders", "my_orders"), ("Credit", "my_credit")]

    def ready(self) -> None:
        from billing import checks, signals  # noqa: F401  they register themselves
