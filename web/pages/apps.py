from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "pages"
    verbose_name = "Site"
    SITE_LINKS = [("About", "aboutus"), ("Contact", "contact")]
