from typing import Any, NoReturn

from django.db import models


class AppendOnlyModel(models.Model):
    """An entry of a ledger, which is never changed or deleted. The balance is the sum of the entries."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            self._refuse()
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        self._refuse()

    def _refuse(self) -> NoReturn:
        name = str(self._meta.verbose_name_plural).capitalize()
        raise TypeError(f"{name} are never changed or deleted; add a correcting one.")
