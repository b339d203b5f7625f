"""Creates the first administrator from the environment, for machines on which nobody can answer prompts."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from users.domain.superusers import ensure_superuser


class Command(BaseCommand):
    help = "Create the superuser with the address in SUPERUSER_EMAIL, unless it exists. The password is never shown."

    def handle(self, *args: Any, **options: Any) -> None:
        email = settings.SUPERUSER_EMAIL
        if not email:
            self.stdout.write("SUPERUSER_EMAIL is not set, so no superuser was created.")
            return
        if "@" not in email:
            raise CommandError("SUPERUSER_EMAIL must be an email address.")
        created = ensure_superuser(
            email,
            settings.SUPERUSER_FIRST_NAME or "Admin",
            settings.SUPERUSER_LAST_NAME,
            settings.SUPERUSER_PASSWORD or None,
        )
        if not created:
            self.stdout.write("The superuser already exists; nothing was changed.")
        elif settings.SUPERUSER_PASSWORD:
            self.stdout.write("The superuser was created with the password from SUPERUSER_PASSWORD.")
        else:
            self.stdout.write("The superuser was created without a password: ask for a link on the log-in page.")
