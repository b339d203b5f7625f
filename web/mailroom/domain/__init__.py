"""The functions that other apps call."""

from mailroom.domain.drafts import draft_message, draft_messages, release_held_messages, release_message
from mailroom.domain.housekeeping import delete_messages_about

__all__ = ["delete_messages_about", "draft_message", "draft_messages", "release_held_messages", "release_message"]
