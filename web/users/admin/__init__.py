"""People as the office sees them."""

from users.admin import accounts, roles, staff, students

__all__ = ["accounts", "roles", "staff", "students"]
