"""The history's sentences about reconciliation and cash counts; history.entry_text explains their format."""

from django.utils.translation import gettext_noop as _

from billing.sentences import payment_method_text
from history.entry_text import Details, Sentence, fill_sentence

RESOLVED = {
    "take_over": "applied a gateway’s entry to our records",
    "enter": "recorded a gateway’s refund",
    "ask": "asked the gateway again about a difference",
    "open": "fulfilled what was paid for",
    "release": "revoked what was not paid for",
    "ask_payer": "emailed the payer about a difference",
    "explained": "closed a difference as explained",
}


def cash_counted(details: Details) -> str:
    counts = fill_sentence(_("{counted:money} for {day:date}; expected: {expected:money}"), details)
    return f"counted {payment_method_text(details)}: {counts}"


def difference_resolved(details: Details) -> str:
    return RESOLVED[details["finding_action"]]


SENTENCES: dict[str, Sentence] = {
    "accounting.finding_closed": (difference_resolved, _("resolved a difference")),
    "accounting.payer_asked": _("asked the payer a question"),
    "accounting.reconciliation_started": (
        _("started the reconciliation of {since:date} to {until:date}"),
        _("started the reconciliation"),
    ),
    "accounting.reconciliation_resumed": (_("retried {statement}"), _("retried a part of the reconciliation")),
    "accounting.cash_counted": (cash_counted, _("counted cash")),
}
