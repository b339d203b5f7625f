"""The history's sentences about orders and money; history.entry_text explains their format."""

from django.utils.translation import gettext_noop as _

from billing import gateways
from billing.models import CanceledBy, PaymentIssue
from history.entry_text import Details, Sentence, fill_sentence, nonzero_amounts

SHARES = {"back": "{back:money} to refund", "credit": "{credit:money} as account credit", "kept": "{kept:money} kept"}


def payment_method_text(details: Details) -> str:
    try:
        label = gateways.gateway_named(details["variant"]).label
    except gateways.UnknownGateway:  # The gateway has been switched off since.
        label = details["variant"]
    return label.lower()


def payment_recorded(details: Details) -> str:
    received = fill_sentence(_("{amount:money} received on {on:date}"), details)
    return f"recorded a {payment_method_text(details)} payment of {received}"


def add_money_shares(action: str, details: Details) -> str:
    shares = nonzero_amounts(details, **SHARES)
    return f"{action}: {shares}" if shares else action


def canceled_by_payer(details: Details) -> str:
    return add_money_shares("canceled items", details)


def withdrawn_by_payer(details: Details) -> str:
    return add_money_shares("withdrew from items", details)


def line_canceled(details: Details) -> str:
    action = f"canceled {details.get('title') or 'an item'}"
    return add_money_shares(
        action, {**details, "back": 0, "credit": details["back"]} if details["as_credit"] else details
    )


def classes_canceled(details: Details) -> str:
    return add_money_shares("canceled classes of this order", {**details, "credit": details["as_credit"]})


def voucher_extended(details: Details) -> str:
    if details["until"] == "for ever":
        return "removed the expiration date of the gift voucher"
    return fill_sentence(_("extended the gift voucher until {until:date}"), details)


def credit_taken(details: Details) -> str:
    return fill_sentence(
        _("took back {amount:money} of account credit"), {**details, "amount": details["amount"].lstrip("-")}
    )


def issue_closed(details: Details) -> str:
    return f"closed the payment issue “{PaymentIssue.Kind(details['kind']).label}”"


SENTENCES: dict[str, Sentence] = {
    "billing.lines_canceled": (classes_canceled, _("canceled classes of this order")),
    f"billing.canceled_by_{CanceledBy.ATTENDEE}": (canceled_by_payer, _("canceled items")),
    f"billing.canceled_by_{CanceledBy.STAFF}": (canceled_by_payer, _("canceled items")),
    f"billing.canceled_by_{CanceledBy.TERMS}": (canceled_by_payer, _("canceled items")),
    f"billing.canceled_by_{CanceledBy.WITHDRAWAL}": (withdrawn_by_payer, _("withdrew from items")),
    "billing.payment_issue_closed": (issue_closed, _("closed a payment issue")),
    "billing.code_changed": (_("changed the discount code {code}"), _("changed the discount code")),
    "billing.code_created": (_("added the discount code {code}"), _("added the discount code")),
    "billing.credit_given": (_("gave {amount:money} of account credit"), _("gave account credit")),
    "billing.credit_hold_lifted": (_("released {amount:money} of account credit"), _("released account credit")),
    "billing.credit_taken": (credit_taken, _("took back account credit")),
    "billing.due_date_set": (_("set the due date to {on:date}"), _("set the due date")),
    "billing.held_credit_taken": (
        _("took back {amount:money} of account credit that was on hold"),
        _("took back account credit that was on hold"),
    ),
    "billing.line_canceled": (line_canceled, _("canceled an item")),
    "billing.order_canceled": _("canceled the order"),
    "billing.order_reinstated": _("reopened the expired order"),
    "billing.payer_asked": _("requested payment"),
    "billing.payment_recorded": (payment_recorded, _("recorded a payment")),
    "billing.payment_stopped": (_("stopped a payment of {amount:money}"), _("stopped a payment")),
    "billing.refund_handed_over": (_("handed over a refund of {amount:money}"), _("handed over a refund")),
    "billing.refunded": (_("refunded {amount:money}"), _("refunded an amount")),
    "billing.pay_later_allowed": _("allowed paying later"),
    "billing.pay_later_withdrawn": _("stopped allowing paying later"),
    "billing.voucher_extended": (voucher_extended, _("changed the expiration date of the gift voucher")),
    "billing.voucher_given_away": (_("gave away a gift voucher worth {worth:money}"), _("gave away a gift voucher")),
    "billing.voucher_issued": (_("sold a gift voucher worth {worth:money}"), _("sold a gift voucher")),
    "billing.voucher_used": (_("paid {amount:money} with gift voucher {voucher}"), _("used a gift voucher")),
    "billing.voucher_voided": (_("voided the gift voucher with {left:money} left"), _("voided the gift voucher")),
}
