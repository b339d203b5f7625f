"""Stands in for whatever publishes the terms: what the setting CONSENT_VERSIONS names in these tests."""

from collections.abc import Iterable


def first(kinds: Iterable[str]) -> dict[str, str]:
    return dict.fromkeys(kinds, "1")


def second(kinds: Iterable[str]) -> dict[str, str]:
    return dict.fromkeys(kinds, "2031-04")


def none(kinds: Iterable[str]) -> dict[str, str]:
    return {}
