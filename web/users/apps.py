from django.apps import AppConfig, apps
from django.contrib.admin import apps as admin
from django.core.checks import register
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from common.declared_permissions import model_permissions


class UsersConfig(AppConfig):
    name = "users"
    verbose_name = _("People")
    ROLES = {
        "Admin": [
            *("users.enter_office", "users.give_role", "users.handle_privacy", "history.view_entry"),
            *model_permissions("users", user="view add change", student="view add change", consent="view"),
            *model_permissions("users", staff="view add change", role="view add change delete"),
        ],
    }

    def ready(self) -> None:
        from users.checks import check_role_permissions
        from users.signals import grant_roles

        register(check_role_permissions)
        # Django sends the signal once for each app, in order. When it comes for the last app, all permissions exist.
        post_migrate.connect(grant_roles, sender=list(apps.get_app_configs())[-1], dispatch_uid="users.grant_roles")


class OfficeConfig(admin.AdminConfig):
    """This is Django's admin with the site's own log-in page."""

    default = False
    default_site = "users.admin_site.SchoolAdminSite"
