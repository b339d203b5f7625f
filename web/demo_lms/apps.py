from django.apps import AppConfig


class DemoLmsConfig(AppConfig):
    """An example of a plug-in with its own events, receivers, workflows and URLs. DEMO_PLUGIN turns it on."""

    name = "demo_lms"
    verbose_name = "Demonstration plug-in"
