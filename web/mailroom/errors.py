"""The refusals of this app."""

from common.errors import Refusal


class MailTextInvalid(Refusal):
    """The text of the mail has an error. `part` is 'subject' or 'body'."""

    code = "mail_text_invalid"

    def __init__(self, sentence: str, part: str = "body") -> None:
        super().__init__(sentence)
        self.part = part


class MailActionRefused(Refusal):
    """The message or the blocked address has changed since the page was shown."""

    code = "message_changed"


class NoticeRefused(Refusal):
    """A notice from Amazon has a valid signature, but its content is not in a known format."""

    code = "notice_unreadable"


class NoticeUntrusted(NoticeRefused):
    """The sentence says why, without quoting the message."""

    code = "notice_untrusted"
