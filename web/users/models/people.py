"""Accounts, the people who attend, and the people who teach or run the school."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import AnonymousUser, PermissionsMixin
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from common import links, names
from common.days import DayColumn


class UserQuerySet(models.QuerySet["User"]):
    def visible_to(self, user: "User") -> "UserQuerySet":
        return self.all() if user.has_perm("users.view_user") else self.filter(pk=user.pk)


class UserManager(BaseUserManager.from_queryset(UserQuerySet)["User"]):  # type: ignore[misc]
    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=names.email_key(username or ""))

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        if "@" not in email:
            raise ValueError("An account needs an email address.")
        user = self.model(email=names.email_key(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, **fields | {"is_superuser": True})


class User(AbstractBaseUser, PermissionsMixin):
    """A login, identified by its email address. Student holds the people who attend with it."""

    email = models.EmailField(_("email"), max_length=254, unique=True)
    first_name = models.CharField(max_length=100)
    last_name = models.CharField(max_length=100, blank=True)
    is_active = models.BooleanField(
        _("open"), default=True, help_text=_("Closed accounts can’t log in, and no link reopens them.")
    )
    email_confirmed_at = models.DateTimeField(null=True, blank=True, editable=False)
    new_email = models.EmailField(
        _("new email"),
        max_length=254,
        blank=True,
        editable=False,
        help_text=_("Requested by the owner and not confirmed yet."),
    )
    signup_consents = models.JSONField(
        default=dict,
        editable=False,
        help_text=_("Kind and version of what was agreed to at sign-up; counts once the address is confirmed."),
    )
    link_nonce = models.CharField(max_length=32, default=links.new_nonce, editable=False)
    date_joined = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["first_name", "last_name"]

    class Meta:
        verbose_name = _("account")
        ordering = ["first_name", "last_name", "id"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="users_user_email_once",
                violation_error_message=_("An account with this email already exists."),
            ),
        ]
        permissions = [
            ("enter_office", _("Can use the office: the admin and the desk pages")),
            ("give_role", _("Can assign and remove roles")),
            ("handle_privacy", _("Can export, merge and erase personal data")),
        ]

    def __str__(self) -> str:
        return self.get_full_name() or self.email

    def clean(self) -> None:
        self.email = names.email_key(self.email)
        self.first_name, self.last_name = names.tidy_name(self.first_name), names.tidy_name(self.last_name)

    def get_full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    def get_short_name(self) -> str:
        return self.first_name

    @cached_property
    def role_names(self) -> frozenset[str]:
        return frozenset(group.name for group in self.groups.all())

    def forget_roles(self) -> None:
        for name in ("role_names", "_perm_cache", "_user_perm_cache", "_group_perm_cache"):
            self.__dict__.pop(name, None)

    @property
    def is_staff(self) -> bool:
        # Django's admin asks for this. Entering the office is a permission, so that any role can include it.
        return self.has_perm("users.enter_office")


class StudentQuerySet(models.QuerySet["Student"]):
    def in_care_of(self, user: User) -> "StudentQuerySet":
        return self.filter(Q(user=user) | Q(guardian=user))

    def ids_of(self, user: User) -> list[int]:
        """This is a query of its own, because with a subquery beside ten joined tables the database does not see that
        only a few people match, and reads the registrations of everyone."""
        return list(self.in_care_of(user).values_list("pk", flat=True))

    def visible_to(self, user: User) -> "StudentQuerySet":
        return self.all() if user.has_perm("users.view_user") else self.in_care_of(user)


class Student(models.Model):
    """A person who attends, with an account of their own, in a guardian's care, or for a while with neither."""

    user = models.OneToOneField(
        User, on_delete=models.CASCADE, null=True, blank=True, related_name="student", verbose_name=_("own account")
    )
    guardian = models.ForeignKey(User, on_delete=models.CASCADE, null=True, blank=True, related_name="in_care")
    offered_to = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="offered_students",
        help_text=_("The account whose owner is asked whether this is them or someone in their care."),
    )
    first_name = models.CharField(max_length=100)
    last_name = models.CharField(max_length=100, blank=True)
    name_key = models.CharField(max_length=220, editable=False, db_index=True)
    email = models.EmailField(
        _("email"),
        max_length=254,
        blank=True,
        help_text=_("Where mail for this person goes when there is no account."),
    )
    born_on = DayColumn(_("date of birth"), null=True, blank=True)
    notes = models.TextField(
        _("notes for the teacher"),
        max_length=500,
        blank=True,
        help_text=_("What a teacher should know: allergies, injuries, who may pick them up."),
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = StudentQuerySet.as_manager()

    class Meta:
        ordering = ["first_name", "last_name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(user=None) | Q(guardian=None), name="users_student_own_account_or_guardian"
            ),
            models.CheckConstraint(
                condition=Q(offered_to=None) | Q(user=None), name="users_student_with_account_is_not_offered"
            ),
            models.UniqueConstraint(
                fields=["guardian", "name_key"], condition=~Q(guardian=None), name="users_student_name_once_in_care"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.name_key = names.name_key(self.first_name, self.last_name)
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "name_key"}
        super().save(*args, **kwargs)


class StaffQuerySet(models.QuerySet["Staff"]):
    def listed(self) -> "StaffQuerySet":
        return (
            self.filter(user__is_active=True, listing__gte=0)
            .select_related("user")
            .order_by("listing", F("user__first_name"))
        )

    def visible_to(self, user: User | AnonymousUser) -> "StaffQuerySet":
        if user.has_perm("users.view_user"):
            return self.select_related("user")
        return self.filter(Q(user__is_active=True, listing__gte=0) | Q(user_id=user.pk)).select_related("user")


class Staff(models.Model):
    """The public profile of someone who teaches or runs the school."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="staff")
    photo = models.ImageField(upload_to="staff/", blank=True)
    title = models.CharField(max_length=80, blank=True, help_text=_("Such as “Teaches Balboa” or “Front desk”."))
    bio = models.TextField(max_length=1530, blank=True)
    listing = models.SmallIntegerField(
        default=10, help_text=_("Order on the About page, small first; a negative number hides.")
    )

    objects = StaffQuerySet.as_manager()

    class Meta:
        verbose_name_plural = _("staff")
        ordering = ["listing", "user__first_name"]

    def __str__(self) -> str:
        return str(self.user)

    @property
    def is_hidden(self) -> bool:
        return self.listing < 0


class Consent(models.Model):
    """A person's consent to one version of one text. Withdrawing it keeps the row."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="consents")
    kind = models.CharField(max_length=40)
    version = models.CharField(max_length=40)
    given_at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-given_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "kind", "version"],
                condition=Q(withdrawn_at=None),
                name="users_consent_once_per_version",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.version}"
