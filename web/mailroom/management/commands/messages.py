"""`manage.py messages [LANGUAGE …]` collects the texts of pages, code and mails for translators."""

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.management.commands import makemessages
from django.utils.translation import to_locale

from mailroom.translated_texts import translatable_paragraphs


class BuildFile(makemessages.BuildFile):
    """xgettext reads Python, so a mail becomes a Python file with a call for each paragraph."""

    def preprocess(self) -> None:
        if not self.path.endswith(".md"):
            super().preprocess()
            return
        paragraphs = translatable_paragraphs(Path(self.path).read_text())
        calls = [f"# xgettext:no-python-format\ngettext_noop({paragraph!r})\n" for paragraph in paragraphs]
        Path(self.work_path).write_text("".join(calls))


class CollectMessages(makemessages.Command):
    build_file_class = BuildFile


class Command(BaseCommand):
    help = "Collects all texts into locale/<language>/LC_MESSAGES/django.po and compiles what is translated there."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("languages", nargs="*", help="such as de or pt-br [the ones in LANGUAGES]")

    def handle(self, *args: Any, languages: list[str], verbosity: int, **options: Any) -> None:
        named = languages or [code for code, _ in settings.LANGUAGES if code != "en-us"]
        if not named:
            raise CommandError("LANGUAGES names no language but English. Name one, such as: messages de")
        top = Path(settings.LOCALE_PATHS[0]).parent
        top.joinpath("locale").mkdir(exist_ok=True)
        os.chdir(top)
        locales = [to_locale(language) for language in named]
        call_command(
            CollectMessages(),
            locale=locales,
            extensions=["html,py,md"],
            add_location="file",
            no_wrap=True,
            no_obsolete=True,
            verbosity=verbosity,
        )
        call_command("compilemessages", locale=locales, verbosity=verbosity)
