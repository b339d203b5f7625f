"""Mails about accounts. Their contents are looked up when they are rendered, so that no secret link is ever stored."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.links import absolute_url
from mailroom.declare import AboutPage, Mail, MailNotNeeded
from mailroom.models import Message
from users.domain import account_links, email_changes
from users.domain.guardianship import ClaimAnswer
from users.models import Student, User


def page_url(name: str) -> str:
    return absolute_url(reverse(name))


def _account_of_recipient(message: Message) -> User | None:
    return User.objects.filter(email=message.to).first()


def account_values(user: User | None) -> dict[str, Any]:
    values = {
        "days": settings.ACCOUNT_ACTIVATION_DAYS,
        "login": page_url("login"),
        "signup": page_url("signup"),
        "profile": page_url("profile_page"),
        "contact": page_url("contact"),
    }
    if user is None:
        return values | {"is_closed": False, "has_password": False, "needs_password": False}
    has_password = user.has_usable_password()
    return values | {
        "is_closed": not user.is_active,
        "has_password": user.is_active and has_password,
        "needs_password": user.is_active and not has_password,
        "name": user.first_name,
        "link": account_links.password_link_url(user) if user.is_active else "",
    }


def account_context(message: Message) -> dict[str, Any]:
    return account_values(_account_of_recipient(message))


def account_sample(status: str = "needs_password") -> dict[str, Any]:
    return account_values(None) | {status: True, "name": "Alice", "link": page_url("home")}


def claim_context(message: Message) -> dict[str, Any]:
    students = Student.objects.select_related("guardian").exclude(guardian=None)
    student = students.filter(pk=message.data["student_id"], offered_to__email=message.to).first()
    if student is None:
        raise MailNotNeeded("The offer was withdrawn or answered.")
    return account_values(_account_of_recipient(message)) | {"student": str(student), "guardian": str(student.guardian)}


def claim_sample() -> dict[str, Any]:
    return account_sample() | {"student": "Kit Gray", "guardian": "Gus Gray"}


def new_email_context(message: Message) -> dict[str, Any]:
    user = User.objects.filter(pk=message.data["user_id"], new_email=message.to).first()
    if user is None:
        raise MailNotNeeded("The owner has changed or canceled this request since then.")
    taken = User.objects.filter(email=message.to).exists()
    link = "" if taken else email_changes.email_confirmation_url(user)
    return _new_email_values(user.first_name, taken, link)


def _new_email_values(name: str, taken: bool, link: str) -> dict[str, Any]:
    days = settings.ACCOUNT_ACTIVATION_DAYS
    return {"name": name, "taken": taken, "link": link, "days": days, "contact": page_url("contact")}


def new_email_sample() -> dict[str, Any]:
    return _new_email_values("Alice", taken=False, link=page_url("home"))


def notice_context(message: Message) -> dict[str, Any]:
    user = (
        User.objects.filter(pk=message.data["user_id"]).first()
        if "user_id" in message.data
        else _account_of_recipient(message)
    )
    return _notice_values(user.first_name if user else "")


def _notice_values(name: str) -> dict[str, Any]:
    return {"name": name, "reset": page_url("password_reset"), "contact": page_url("contact")}


def notice_sample() -> dict[str, Any]:
    return _notice_values("Alice")


def recovery_context(message: Message) -> dict[str, Any]:
    return notice_context(message) | {"left": message.data["left"]}


def recovery_sample() -> dict[str, Any]:
    return notice_sample() | {"left": 9}


def answer_context(message: Message) -> dict[str, Any]:
    student = Student.objects.filter(pk=message.data["student_id"]).first()
    guardian = User.objects.filter(pk=message.data["guardian_id"]).first()
    return {
        "name": guardian.first_name if guardian else "",
        "student": str(student or _("The person")),
        "is_independent": message.data["answer"] == ClaimAnswer.ME,
        "has_new_guardian": message.data["answer"] == ClaimAnswer.IN_MY_CARE,
        "profile": page_url("profile_page"),
    }


def answer_sample() -> dict[str, Any]:
    answer = {"is_independent": True, "has_new_guardian": False}
    return answer | {"name": "Gus", "student": "Kit Gray", "profile": page_url("profile_page")}


MAILS = [
    Mail("users.signup", _("Welcome"), account_context, account_sample),
    Mail("users.link", _("Choose a password"), account_context, lambda: account_sample("has_password")),
    Mail("users.claim", _("Your record was handed over"), claim_context, claim_sample),
    Mail("users.new_email", _("Confirm your new email"), new_email_context, new_email_sample),
    Mail("users.email_changed", _("Your email was changed"), notice_context, notice_sample),
    Mail("users.password_changed", _("Your password was changed"), notice_context, notice_sample),
    Mail("users.second_factor_removed", _("Two-step verification is off"), notice_context, notice_sample),
    Mail("users.second_factor_set_up", _("Two-step verification is on"), notice_context, notice_sample),
    Mail("users.recovery_code_used", _("A recovery code was used"), recovery_context, recovery_sample),
    Mail("users.recovery_codes_made", _("New recovery codes"), notice_context, notice_sample),
    Mail("users.closed", _("Your account is closed"), notice_context, notice_sample),
    Mail("users.claim_answered", _("Answer to your hand-over"), answer_context, answer_sample),
]

ABOUT = {
    "account": AboutPage(_("Account {}"), "admin:users_user_change", "users.view_user"),
    "student": AboutPage(_("Student {}"), "admin:users_student_change", "users.view_student"),
}
