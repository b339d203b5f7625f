"""The formats of the admin, which does not use common.formats. A test checks that both are the same."""

DATE_FORMAT = SHORT_DATE_FORMAT = "D, M j, Y"
TIME_FORMAT = "g:i A"
DATETIME_FORMAT = SHORT_DATETIME_FORMAT = f"{DATE_FORMAT}, {TIME_FORMAT}"
