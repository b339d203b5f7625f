"""What a flow costs the database may not exceed what docs/economy.md says it costs today.

Statements are counted at the cursor: an executemany is as many as its rows. Savepoints are left out, and so are BEGIN
and COMMIT, which never reach a cursor. A row written is one that was inserted, updated or deleted. With BUDGETS=1 in
the environment, the tests print what they measure.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import TestCase

from django.core.signals import request_started
from django.db import connection

PAGE = Path(__file__).resolve().parents[2] / "docs" / "economy.md"
ROW = re.compile(r"\| (?P<flow>[^|]+?) \|[^|]*\| (?P<statements>\d+) / (?P<rows>\d+)(, (?P<requests>\d+) requests)? \|")
WRITES = ("INSERT", "UPDATE", "DELETE")
NO_DATA = ("django_session", "cache_entries", "throttle_entries")
SAVEPOINTS = ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT")


@dataclass
class Cost:
    name: str
    statements: list[str] = field(default_factory=list)
    rows: int = 0

    @property
    def is_get(self) -> bool:
        return self.name.startswith("GET ")

    def __str__(self) -> str:
        return f"{len(self.statements):4} statements {self.rows:4} rows  {self.name}"


@dataclass
class Spending:
    """The cost of each request, after that of what happened before the first one."""

    parts: list[Cost] = field(default_factory=lambda: [Cost("before the first request")])

    @property
    def requests(self) -> list[Cost]:
        return self.parts[1:]

    @property
    def total(self) -> Cost:
        statements = [statement for part in self.parts for statement in part.statements]
        return Cost(f"{len(self.requests)} requests", statements, sum(part.rows for part in self.parts))

    @property
    def changes(self) -> list[str]:
        """The statements of the requests that write or lock rows, other than those of sessions and throttles."""
        statements = (sql for part in self.requests for sql in part.statements)
        changing = (sql for sql in statements if sql.startswith(WRITES) or " FOR UPDATE" in sql)
        return [sql for sql in changing if not any(f'"{table}"' in sql for table in NO_DATA)]

    def __str__(self) -> str:
        return "\n".join(str(part) for part in (*self.parts, self.total))


@contextmanager
def measure_spending() -> Iterator[Spending]:
    spending = Spending()

    def start_request(environ: dict[str, Any], **_: Any) -> None:
        spending.parts.append(Cost(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"))

    def count(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        result = execute(sql, params, many, context)
        if not sql.startswith(SAVEPOINTS):
            part = spending.parts[-1]
            part.statements += [sql] * (len(params) if many else 1)
            if sql.startswith(WRITES):
                part.rows += _inserted_rows(sql) or max(context["cursor"].rowcount, 0)
        return result

    request_started.connect(start_request)
    try:
        with connection.execute_wrapper(count):
            yield spending
    finally:
        request_started.disconnect(start_request)


def _inserted_rows(sql: str) -> int:
    """SQLite counts the rows of an INSERT that returns something only once they are fetched, so they are read off."""
    _, is_insert, values = sql.partition(" VALUES ")
    return values.count("), (") + 1 if is_insert else 0


class BudgetMixin(TestCase):
    @contextmanager
    def budget(self, flow: str) -> Iterator[Spending]:
        """For all that happens, pages that a redirect leads to included."""
        with measure_spending() as spending:
            yield spending
        self.assert_within(flow, spending.total, str(spending))
        if allowed := read_budget(flow)["requests"]:
            self.assertLessEqual(len(spending.requests), int(allowed), spending)

    @contextmanager
    def request_budget(self, flow: str) -> Iterator[Spending]:
        """For the first request alone, without the page that it redirects to."""
        with measure_spending() as spending:
            yield spending
        self.assert_within(flow, spending.requests[0], str(spending))

    def assert_within(self, flow: str, cost: Cost, report: str = "") -> None:
        budget = read_budget(flow)
        spent = (len(cost.statements), cost.rows)
        allowed = (int(budget["statements"]), int(budget["rows"]))
        if "BUDGETS" in os.environ:
            print(f"{flow}: {spent[0]} / {spent[1]}, {cost.name}\n{report}")
        shapes = "\n".join(statement[:300] for statement in cost.statements)
        self.assertTrue(spent[0] <= allowed[0] and spent[1] <= allowed[1], f"{spent} > {allowed}\n{report}\n{shapes}")


def read_budget(flow: str) -> re.Match[str]:
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if (row := ROW.match(line)) and row["flow"] == flow:
            return row
    raise LookupError(f"{PAGE.name} has no row for {flow}.")
