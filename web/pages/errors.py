"""The refusals of this app."""

from common.errors import Refusal


class TextChanged(Refusal):
    """The draft has changed since the preview was shown."""

    code = "text_changed"


class SchoolNotEmpty(Refusal):
    """The database already has people."""

    code = "school_not_empty"
