from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

MODELS = (
    *("level", "subject", "location", "session", "classoffer", "meeting"),
    *("proposal", "resource", "attachment", "release", "cancellationterms", "cancellationtermsstep"),
)


class ClassworkConfig(AppConfig):
    name = "classwork"
    verbose_name = _("Classes")
    ROLES = {
        "Teacher": ["classwork.add_proposal"],
        "Assistant": ["classwork.add_proposal"],
        "Admin": [
            "classwork.decide_proposal",
            *(f"classwork.{right}_{model}" for model in MODELS for right in ("view", "add", "change", "delete")),
        ],
    }

    def ready(self) -> None:
        from classwork.signals import ensure_starter_levels

        post_migrate.connect(ensure_starter_levels, sender=self, dispatch_uid="classwork.starter_levels")
