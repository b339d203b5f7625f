from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

MODELS = ("registration", "waitlistentry", "classcancellation")


class RegistrationsConfig(AppConfig):
    name = "registrations"
    verbose_name = _("Registrations")
    ROLES = {
        "Teacher": ["registrations.set_level"],
        "Admin": [
            "registrations.exceed_capacity",
            "registrations.join_late",
            "registrations.arrange_waitlist",
            "registrations.set_level",
            *(f"registrations.{right}_{model}" for model in MODELS for right in ("view", "add", "change", "delete")),
        ],
    }
