"""Receivers of events for resources; hepcat.workflows connects them."""

from typing import Any

from classwork.domain.resources import releases


def rebuild_releases(event: Any) -> None:
    # Runs in the transaction that changes the class.
    releases.rebuild_class_releases([event.payload.class_offer_id])


def build_releases_of_new_classes(event: Any) -> None:
    releases.rebuild_class_releases(event.payload.class_offer_ids)
