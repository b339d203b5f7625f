from django.utils.translation import gettext_noop as _

SENTENCES = {
    "pages.contact_answered": _("marked the message as answered"),
    "pages.text_drafted": (_("saved a draft of the text “{key}”"), _("saved a draft of the text")),
    "pages.text_published": (_("published version {number} of the text “{key}”"), _("published the text")),
}
