from users.models.people import Consent, Staff, StaffQuerySet, Student, User, UserManager
from users.models.roles import Grant, Role

__all__ = ["Consent", "Grant", "Role", "Staff", "StaffQuerySet", "Student", "User", "UserManager"]
