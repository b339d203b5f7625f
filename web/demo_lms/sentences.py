from django.utils.translation import gettext_noop as _

SENTENCES = {
    "demo_lms.enrolled": (_("enrolled the buyer of order {order}"), _("enrolled the buyer")),
    "demo_lms.order_recorded": (_("recorded order {order}"), _("recorded the order")),
}
