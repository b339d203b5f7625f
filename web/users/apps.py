from django.apps import AppConfig
from django.contrib.admin import apps as admin


class UsersConfig(AppConfig):
    name = "users"
    verbose_name = "People"


class OfficeConfig(admin.AdminConfig):
    """Django's admin, entered through the site's own log-in."""

    default = False
    default_site = "users.office.Office"
