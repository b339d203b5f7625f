from django.apps import AppConfig


class ClassworkConfig(AppConfig):
    name = "classwork"
    verbose_name = "Classes"
    SITE_LINKS = [("Classes", "classoffer_list"), ("Places", "location_list")]
    ROLES = {
        "Admin": [
            f"classwork.{right}_{model}"
            for model in ("level", "subject", "location", "session", "classoffer", "meeting", "proposal")
            for right in ("view", "add", "change", "delete")
        ]
        + ["classwork.decide_proposal"],
    }
