"""The command that lists the addresses of the site with their names and views."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.urls import URLPattern, URLResolver, get_resolver


@dataclass(frozen=True)
class Address:
    route: str
    name: str
    view: str


def list_addresses(patterns: list[Any], prefix: str = "", namespace: str = "") -> Iterator[Address]:
    for entry in patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from list_addresses(entry.url_patterns, route, inner)
        elif isinstance(entry, URLPattern):
            yield Address(f"/{route}", namespace + (entry.name or ""), entry.lookup_str)


class Command(BaseCommand):
    help = "List the addresses of the site with their routes, names and views."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("words", nargs="*", help="show only addresses that contain all of these words")
        parser.add_argument("--admin", action="store_true", help="include the addresses of the admin")
        parser.add_argument("--json", action="store_true", help="print JSON instead of a table")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = [
            row
            for row in list_addresses(get_resolver().url_patterns)
            if all(word in f"{row.route} {row.name} {row.view}" for word in options["words"])
            and (options["admin"] or not row.name.startswith("admin:") or options["words"])
        ]
        text = json.dumps([asdict(row) for row in rows], indent=2) if options["json"] else address_table(rows)
        self.stdout.write(text)


def address_table(rows: list[Address]) -> str:
    lines = [("ROUTE", "NAME", "VIEW"), *((row.route, row.name, row.view) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(2)]
    return "\n".join(f"{route:{widths[0]}}  {name:{widths[1]}}  {view}".rstrip() for route, name, view in lines)
