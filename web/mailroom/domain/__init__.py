"""The functions that other apps call."""

from mailroom.domain.drafts import draft_message, release_held_messages, release_message

__all__ = ["draft_message", "release_held_messages", "release_message"]
