"""How the admin, which formats by itself, writes what common.formats writes on pages. A test holds the two together."""

DATE_FORMAT = SHORT_DATE_FORMAT = "D, M j, Y"
TIME_FORMAT = "g:i A"
DATETIME_FORMAT = SHORT_DATETIME_FORMAT = f"{DATE_FORMAT}, {TIME_FORMAT}"
