"""Two lists on one page that are turned together, with one link to the next page."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator


def turn_together(number: str | int | None, *lists: Paginator[Any]) -> tuple[Page[Any], list[Page[Any]]]:
    """The page of the longest list, which has the links, and then the page of each; one that is over is empty."""
    longest = max(lists, key=lambda each: each.num_pages).get_page(number)
    return longest, [
        each.page(longest.number) if longest.number <= each.num_pages else Page([], longest.number, each)
        for each in lists
    ]
