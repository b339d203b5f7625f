"""Roles: which permissions the apps declare for them, which are granted, and who may give roles to whom.

An app declares in its AppConfig what a role may do there: `ROLES = {"Teacher": ["users.view_student"]}`. Each migrate
grants the declared permissions that are new. What an admin removed stays removed, and what an admin added stays.
"""

from collections import defaultdict

from django.apps import apps
from django.contrib.auth.models import Permission
from django.db import transaction
from django.db.models import Q, QuerySet

from history.domain import record_action
from users.errors import RoleNotGrantable
from users.models import Grant, Role, User

TEACHER, ASSISTANT, ADMIN = "Teacher", "Assistant", "Admin"
BUILT_IN = (TEACHER, ASSISTANT, ADMIN)
INCLUDED = {ADMIN: (TEACHER, ASSISTANT)}  # people with the first role count as having the others


def has_named_role(user: User, role: str) -> bool:
    if not user.is_active:
        return False
    user.get_all_permissions()  # This also reads the names of the roles.
    wider = {name for name, included in INCLUDED.items() if role in included}
    return user.is_superuser or not user.role_names.isdisjoint({role} | wider)


def declared_permissions() -> dict[str, set[str]]:
    declarations: dict[str, set[str]] = defaultdict(set, {name: set() for name in BUILT_IN})
    for config in apps.get_app_configs():
        for role, permissions in getattr(config, "ROLES", {}).items():
            declarations[role].update(permissions)
    for role, included in INCLUDED.items():
        declarations[role].update(*(declarations[name] for name in included))
    return dict(declarations)


def permissions_named(names: set[str]) -> QuerySet[Permission]:
    condition = Q(pk=None)
    for name in names:
        label, codename = name.split(".")
        condition |= Q(content_type__app_label=label, codename=codename)
    return Permission.objects.filter(condition).select_related("content_type")


def grantable_permissions() -> QuerySet[Permission]:
    return permissions_named(set().union(*declared_permissions().values())).order_by("content_type__app_label", "name")


def permission_name(permission: Permission) -> str:
    return f"{permission.content_type.app_label}.{permission.codename}"


@transaction.atomic
def grant_declared() -> None:
    for role, permissions in declared_permissions().items():
        granted = set(Grant.objects.filter(role=role).values_list("permission", flat=True))
        new = list(permissions_named(permissions - granted)) if permissions - granted else []
        if new or (role in BUILT_IN and not granted):
            Role.objects.get_or_create(name=role)[0].permissions.add(*new)
        Grant.objects.bulk_create([Grant(role=role, permission=permission_name(permission)) for permission in new])


def permissions_of(role: Role) -> set[str]:
    return {permission_name(permission) for permission in role.permissions.select_related("content_type")}


def has_all_permissions(actor: User, permissions: set[str]) -> bool:
    return actor.is_superuser or permissions <= actor.get_all_permissions()


def may_change_account(actor: User, account: User) -> bool:
    # People could otherwise take over an account with more rights by changing its email address.
    if account.is_superuser and not actor.is_superuser:
        return False
    return has_all_permissions(actor, account.get_all_permissions())


def roles_actor_may_give(actor: User) -> QuerySet[Role]:
    forbidden = Permission.objects.exclude(pk__in=permissions_named(actor.get_all_permissions()))
    all_roles: QuerySet[Role] = QuerySet(Role).order_by("name")
    return all_roles if actor.is_superuser else all_roles.exclude(permissions__in=forbidden)


def permissions_actor_may_give(actor: User) -> QuerySet[Permission]:
    if actor.is_superuser:
        return grantable_permissions()
    return grantable_permissions().filter(pk__in=permissions_named(actor.get_all_permissions()))


def permission_area(permission: Permission) -> str:
    return str(apps.get_app_config(permission.content_type.app_label).verbose_name)


def permission_text(permission: Permission) -> str:
    """“Can change account” and “May change account” both become “change account”."""
    verb, _, rest = permission.name.partition(" ")
    return rest if verb in ("Can", "May") else permission.name


@transaction.atomic
def set_roles(actor: User, user: User, chosen: QuerySet[Role], *, among: QuerySet[Role]) -> None:
    """Roles outside `among`, which the form did not show to the actor, stay unchanged."""
    chosen_roles = set(chosen)
    for role in among:
        _add_or_remove_role(actor, user, role, given=role in chosen_roles, why="")


@transaction.atomic
def give_role(actor: User, user: User, role: Role, why: str = "") -> None:
    _add_or_remove_role(actor, user, role, given=True, why=why)


def _add_or_remove_role(actor: User, user: User, role: Role, *, given: bool, why: str) -> None:
    if not (has_all_permissions(actor, permissions_of(role)) and may_change_account(actor, user)):
        raise RoleNotGrantable
    if user.groups.filter(pk=role.pk).exists() == given:
        return
    (user.groups.add if given else user.groups.remove)(role)
    user.forget_roles()
    record_action(actor, "users.role_given" if given else "users.role_taken", user, why=why, role=role.name)
