from types import SimpleNamespace

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.http import HttpResponse
from django.test import RequestFactory, override_settings

from common import permissions
from history.models import Entry
from tests import factories
from tests.base import SchoolTestCase
from users import checks, roles
from users.domain import roles as domain
from users.errors import RoleNotGrantable
from users.models import Grant, Role, User


class RolesTestCase(SchoolTestCase):
    office: User

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.office = factories.create_account("office@example.org", "Olga", "Office", factories.PASSWORD)
        factories.create_staff(cls.office, "Admin")

    def role(self, name: str) -> Role:
        return Role.objects.get(name=name)


class DeclaredRolesTest(RolesTestCase):
    def test_migrate_creates_three_roles_and_admin_has_the_permissions_of_all(self) -> None:
        names = {role.name: domain.permissions_of(role) for role in Role.objects.all()}
        self.assertLessEqual(names["Teacher"] | names["Assistant"], names["Admin"])
        self.assertIn("users.enter_office", names["Admin"])

    def test_permission_removed_by_an_admin_is_not_granted_again_by_migrate(self) -> None:
        admin = self.role("Admin")
        admin.permissions.remove(*domain.permissions_named({"users.add_user"}))
        domain.grant_declared()
        self.assertNotIn("users.add_user", domain.permissions_of(admin))

    def test_permission_added_by_an_admin_is_kept_by_migrate(self) -> None:
        teacher = self.role("Teacher")
        teacher.permissions.add(*domain.permissions_named({"users.view_consent"}))
        domain.grant_declared()
        self.assertIn("users.view_consent", domain.permissions_of(teacher))

    def test_newly_declared_permission_is_granted_by_migrate(self) -> None:
        admin = self.role("Admin")
        admin.permissions.clear()
        Grant.objects.filter(permission="users.add_user").delete()
        domain.grant_declared()
        self.assertEqual(domain.permissions_of(admin), {"users.add_user"})

    def test_second_migrate_changes_no_permissions(self) -> None:
        before = [(role.name, domain.permissions_of(role)) for role in Role.objects.all()]
        call_command("migrate", verbosity=0)
        self.assertEqual(before, [(role.name, domain.permissions_of(role)) for role in Role.objects.all()])

    def test_all_declared_permissions_exist_and_an_invented_one_is_unknown(self) -> None:
        self.assertEqual(checks.check_role_permissions(), [])
        self.assertNotIn("users.fly", checks.known_permissions())


class RolePredicatesTest(RolesTestCase):
    def test_predicates_match_the_assigned_role_and_admin_counts_as_every_role(self) -> None:
        actual = {
            person.first_name: [roles.has_role(person, role) for role in domain.BUILT_IN]
            for person in (self.alice, self.tess, self.ash, self.office, self.ada)
        }
        expected = {
            "Alice": [False, False, False],
            "Tess": [True, False, False],
            "Ash": [False, True, False],
            "Olga": [True, True, True],
            "Ada": [True, True, True],
        }
        self.assertEqual(actual, expected)

    def test_anonymous_visitor_has_no_role(self) -> None:
        self.assertFalse(roles.is_team(AnonymousUser()))

    def test_closed_account_has_no_role(self) -> None:
        self.tess.is_active = self.ada.is_active = False
        self.assertFalse(roles.has_role(self.tess, domain.TEACHER))
        self.assertFalse(roles.has_role(self.ada, domain.ADMIN))


class RoleDecoratorsTest(RolesTestCase):
    def call_decorated_view(self, decorator: object, person: User | AnonymousUser) -> HttpResponse:
        request = RequestFactory().get("/desk/somewhere/?page=2")
        request.user = person
        response: HttpResponse = decorator(lambda request: HttpResponse("in"))(request)  # type: ignore[operator]
        return response

    @override_settings(LOGIN_URL="/user/login/")
    def test_anonymous_visitor_is_redirected_to_login_with_return_address(self) -> None:
        response = self.call_decorated_view(roles.team_page, AnonymousUser())
        self.assertEqual(response.status_code, 302)
        self.assertTrue(response["Location"].endswith("next=/desk/somewhere/%3Fpage%3D2"), response["Location"])

    def test_decorators_admit_users_with_the_role_or_permission_and_refuse_others(self) -> None:
        people = SimpleNamespace(teacher=self.tess, assistant=self.ash, admin=self.office)
        admitted_roles = [
            (permissions.account_page, ["teacher", "assistant", "admin"]),
            (roles.team_page, ["teacher", "assistant", "admin"]),
            (permissions.desk_page("users.view_user"), ["admin"]),
        ]
        for decorator, admitted in admitted_roles:
            for name, person in vars(people).items():
                with self.subTest(f"{decorator} {name}"):
                    if name in admitted:
                        self.assertEqual(self.call_decorated_view(decorator, person).content, b"in")
                    else:
                        self.assertRaises(PermissionDenied, self.call_decorated_view, decorator, person)

    def test_pages_refuse_other_methods_before_they_ask_for_a_log_in(self) -> None:
        for decorator, refused in (
            (permissions.account_page, "post"),
            (permissions.desk_form(), "put"),
            (roles.team_action, "get"),
        ):
            request = getattr(RequestFactory(), refused)("/desk/somewhere/")
            request.user = AnonymousUser()
            self.assertEqual(decorator(lambda request: HttpResponse("in"))(request).status_code, 405)

    def test_desk_page_needs_its_own_permission_and_office_access(self) -> None:
        role = Role.objects.create(name="Door")
        role.permissions.add(*domain.permissions_named({"users.view_user"}))
        self.sam.groups.add(role)
        with self.assertRaises(PermissionDenied):
            self.call_decorated_view(permissions.desk_page("users.view_user"), self.sam)
        role.permissions.add(*domain.permissions_named({"users.enter_office"}))
        sam = User.objects.get(pk=self.sam.pk)
        self.assertEqual(self.call_decorated_view(permissions.desk_page("users.view_user"), sam).content, b"in")
        with self.assertRaises(PermissionDenied):
            self.call_decorated_view(permissions.desk_page("users.add_user"), sam)


class RoleAssignmentTest(RolesTestCase):
    def test_given_role_is_recorded_and_takes_effect_immediately(self) -> None:
        self.assertFalse(roles.has_role(self.sam, domain.TEACHER))
        domain.give_role(self.office, self.sam, self.role("Teacher"), why="joins in May")
        self.assertTrue(roles.has_role(self.sam, domain.TEACHER))
        entry = Entry.objects.get(action="users.role_given")
        self.assertEqual(
            (entry.actor_id, entry.subject_id, entry.reason), (self.office.pk, str(self.sam.pk), "joins in May")
        )
        self.assertEqual(entry.details, {"role": "Teacher"})

    def test_removed_role_is_recorded_and_takes_effect_immediately(self) -> None:
        self.assertTrue(roles.has_role(self.tess, domain.TEACHER))
        domain.set_roles(self.office, self.tess, Role.objects.none(), among=Role.objects.filter(name="Teacher"))
        self.assertFalse(roles.has_role(self.tess, domain.TEACHER))
        self.assertTrue(Entry.objects.filter(action="users.role_taken").exists())

    def test_giving_a_role_twice_is_recorded_once(self) -> None:
        for _ in range(2):
            domain.give_role(self.office, self.sam, self.role("Teacher"))
        self.assertEqual(Entry.objects.filter(action="users.role_given").count(), 1)

    def test_user_cannot_give_a_role_with_more_permissions_than_their_own(self) -> None:
        with self.assertRaises(RoleNotGrantable):
            domain.give_role(self.tess, self.tess, self.role("Admin"))
        self.assertFalse(roles.has_role(self.tess, domain.ADMIN))

    def test_only_a_superuser_can_change_a_superuser(self) -> None:
        self.ada.is_superuser = True
        self.ada.save()
        self.assertFalse(domain.may_change_account(self.office, self.ada))
        self.assertTrue(domain.may_change_account(self.ada, self.office))
        self.assertTrue(domain.may_change_account(self.office, self.tess))
        self.assertFalse(domain.may_change_account(self.tess, self.office))
