"""The admin pages about people."""

from users.admin import accounts, roles, staff, students

__all__ = ["accounts", "roles", "staff", "students"]
