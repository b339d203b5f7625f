"""Roles: what the apps declare, what is granted, who gives them to whom.

An app declares in its AppConfig what a role may do there: `ROLES = {"Teacher": ["users.view_student"]}`. After a
migrate the wishes that are new are granted; what an admin took away stays away, and what an admin added stays too.
"""

from collections import defaultdict

from django.apps import apps
from django.contrib.auth.models import Permission
from django.db import transaction
from django.db.models import Q, QuerySet

from history.domain import record
from users.models import Grant, Role, User

TEACHER, ASSISTANT, ADMIN = "Teacher", "Assistant", "Admin"
BUILT_IN = (TEACHER, ASSISTANT, ADMIN)
INCLUDED = {ADMIN: (TEACHER, ASSISTANT)}  # whoever is the first counts as the others too


class NotYours(Exception):
    """Nobody gives or takes away what they may not do themselves."""


def holds(user: User, role: str) -> bool:
    if not user.is_active:
        return False
    wider = {name for name, included in INCLUDED.items() if role in included}
    return user.is_superuser or not user.role_names.isdisjoint({role} | wider)


def declared() -> dict[str, set[str]]:
    """What the apps wish for each role, the included roles' wishes too."""
    wishes: dict[str, set[str]] = defaultdict(set, {name: set() for name in BUILT_IN})
    for config in apps.get_app_configs():
        for role, permissions in getattr(config, "ROLES", {}).items():
            wishes[role].update(permissions)
    for role, included in INCLUDED.items():
        wishes[role].update(*(wishes[name] for name in included))
    return dict(wishes)


def named(names: set[str]) -> QuerySet[Permission]:
    """The permissions with these names, as far as the database has them."""
    wanted = Q(pk=None)
    for name in names:
        label, codename = name.split(".")
        wanted |= Q(content_type__app_label=label, codename=codename)
    return Permission.objects.filter(wanted).select_related("content_type")


def offered() -> QuerySet[Permission]:
    """What a role can be allowed at all: whatever some app has a use for."""
    return named(set().union(*declared().values())).order_by("content_type__app_label", "name")


def name_of(permission: Permission) -> str:
    return f"{permission.content_type.app_label}.{permission.codename}"


@transaction.atomic
def grant_declared() -> None:
    for role, wishes in declared().items():
        known = set(Grant.objects.filter(role=role).values_list("permission", flat=True))
        fresh = list(named(wishes - known)) if wishes - known else []
        if fresh or (role in BUILT_IN and not known):
            Role.objects.get_or_create(name=role)[0].permissions.add(*fresh)
        Grant.objects.bulk_create([Grant(role=role, permission=name_of(each)) for each in fresh])


def permissions_of(role: Role) -> set[str]:
    return {name_of(each) for each in role.permissions.select_related("content_type")}


def covers(actor: User, permissions: set[str]) -> bool:
    return actor.is_superuser or permissions <= actor.get_all_permissions()


def may_change(actor: User, account: User) -> bool:
    """Whoever could change the address of somebody mightier would soon be mightier."""
    if account.is_superuser and not actor.is_superuser:
        return False
    return covers(actor, account.get_all_permissions())


def givable(actor: User) -> QuerySet[Role]:
    """The roles that may nothing which the actor may not."""
    beyond = Permission.objects.exclude(pk__in=named(actor.get_all_permissions()))
    mine: QuerySet[Role] = QuerySet(Role).order_by("name")
    return mine if actor.is_superuser else mine.exclude(permissions__in=beyond)


def givable_permissions(actor: User) -> QuerySet[Permission]:
    if actor.is_superuser:
        return offered()
    return offered().filter(pk__in=named(actor.get_all_permissions()))


def area(permission: Permission) -> str:
    return str(apps.get_app_config(permission.content_type.app_label).verbose_name)


def in_words(permission: Permission) -> str:
    """“Can change account” and “May change account” are both: change account."""
    verb, _, rest = permission.name.partition(" ")
    return rest if verb in ("Can", "May") else permission.name


@transaction.atomic
def set_roles(actor: User, user: User, wanted: QuerySet[Role], *, among: QuerySet[Role]) -> None:
    """Roles outside `among`, which the actor was not shown, stay as they are."""
    chosen = set(wanted)
    for role in among:
        _change(actor, user, role, given=role in chosen, why="")


@transaction.atomic
def give_role(actor: User, user: User, role: Role, why: str = "") -> None:
    _change(actor, user, role, given=True, why=why)


@transaction.atomic
def take_role(actor: User, user: User, role: Role, why: str = "") -> None:
    _change(actor, user, role, given=False, why=why)


def _change(actor: User, user: User, role: Role, *, given: bool, why: str) -> None:
    if not (covers(actor, permissions_of(role)) and may_change(actor, user)):
        raise NotYours
    if user.groups.filter(pk=role.pk).exists() == given:
        return
    (user.groups.add if given else user.groups.remove)(role)
    user.forget_roles()
    record(actor, "users.role_given" if given else "users.role_taken", user, why=why, role=role.name)
