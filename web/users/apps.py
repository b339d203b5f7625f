from django.apps import AppConfig, apps
from django.contrib.admin import apps as admin
from django.core.checks import register
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class UsersConfig(AppConfig):
    name = "users"
    verbose_name = _("People")
    ROLES = {
        "Admin": [
            "users.enter_office",
            "users.view_user",
            "users.add_user",
            "users.change_user",
            "users.give_role",
            "users.handle_privacy",
            "users.view_student",
            "users.add_student",
            "users.change_student",
            "users.view_staff",
            "users.add_staff",
            "users.change_staff",
            "users.view_role",
            "users.add_role",
            "users.change_role",
            "users.delete_role",
            "users.view_consent",
            "history.view_entry",
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
