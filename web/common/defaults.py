from typing import Any

from django.conf import settings
from django.utils.deconstruct import deconstructible


@deconstructible
class SettingDefault:
    """The default of a field: the value that a setting has when a row is created."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self) -> Any:
        return getattr(settings, self.name)
