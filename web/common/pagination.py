"""Several lists on one page that share one page number."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator


def paginate_together(number: str | int | None, *lists: Paginator[Any]) -> tuple[Page[Any], list[Page[Any]]]:
    """The page of the longest list, which shows the links, and the page of each list, which may be empty."""
    longest = max(lists, key=lambda paginator: paginator.num_pages).get_page(number)
    return longest, [
        paginator.page(longest.number) if longest.number <= paginator.num_pages else Page([], longest.number, paginator)
        for paginator in lists
    ]
