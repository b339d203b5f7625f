from django.apps import AppConfig


class ClassworkConfig(AppConfig):
    name = "classwork"
    verbose_name = "Classes"
