from django.utils.translation import gettext_noop as _

SENTENCES = {
    "mailroom.sent_again": _("resent the email"),
    "mailroom.set_aside": _("dismissed the email"),
    "mailroom.suppression_lifted": _("unblocked the address"),
}
