from django.apps import AppConfig


class DemoLmsConfig(AppConfig):
    """A plug-in to learn from: its own events, receivers, map and addresses. On by DEMO_PLUGIN."""

    name = "demo_lms"
    verbose_name = "Demonstration plug-in"
