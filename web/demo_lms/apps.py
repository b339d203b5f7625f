from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DemoLmsConfig(AppConfig):
    """An example of a plug-in with its own events, receivers, workflows and URLs. DEMO_PLUGIN turns it on."""

    name = "demo_lms"
    verbose_name = _("Demonstration plug-in")
