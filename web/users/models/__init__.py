from users.models.people import Consent, Staff, StaffQuerySet, Student, User, UserManager
from users.models.roles import Grant, Role
from users.models.second_factor import RecoveryCode

__all__ = ["Consent", "Grant", "RecoveryCode", "Role", "Staff", "StaffQuerySet", "Student", "User", "UserManager"]
