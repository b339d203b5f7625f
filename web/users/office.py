"""The admin site as the school's office."""

from django.conf import settings
from django.contrib.admin import AdminSite


class Office(AdminSite):
    site_header = site_title = f"{settings.BUSINESS_NAME} Admin"
    index_title = "Admin Home"
