"""What other apps call."""

from mailroom.domain.drafting import draft, release

__all__ = ["draft", "release"]
