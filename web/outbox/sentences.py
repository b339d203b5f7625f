from django.utils.translation import gettext_noop as _

SENTENCES = {
    "outbox.dismissed": (_("dismissed the background job {receiver}"), _("dismissed the background job")),
    "outbox.retried": (_("retried the background job {receiver}"), _("retried the background job")),
}
