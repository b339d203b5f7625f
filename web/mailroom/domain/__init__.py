"""The functions that other apps call."""

from mailroom.domain.drafting import draft, release, release_held

__all__ = ["draft", "release", "release_held"]
