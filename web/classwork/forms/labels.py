"""Labels of fields whose names in the model cannot be translated."""

from django.utils.translation import gettext_lazy as _

SESSION_LABELS = {"name": _("Name"), "break_weeks": _("Break weeks")}

SUBJECT_LABELS = {
    "level": _("Level"),
    "version": _("Version"),
    "name": _("Name"),
    "tagline_1": _("Tagline 1"),
    "tagline_2": _("Tagline 2"),
    "tagline_3": _("Tagline 3"),
    "short_description": _("Short description"),
    "description": _("Description"),
    "full_price": _("Full price"),
}

CLASS_LABELS = {
    "session": _("Session"),
    "subject": _("Subject"),
    "location": _("Location"),
    "capacity": _("Capacity"),
    "price": _("Price"),
    "public_note": _("Public note"),
}
