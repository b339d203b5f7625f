from types import SimpleNamespace

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.http import HttpResponse
from django.test import RequestFactory, override_settings

from history.models import Entry
from tests import make
from tests.base import SchoolTestCase
from users import checks, roles
from users.domain import roles as domain
from users.models import Grant, Role, User


class RolesTestCase(SchoolTestCase):
    office: User

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.office = make.account("office@example.org", "Olga", "Office", make.PASSWORD)
        make.staff(cls.office, "Admin")

    def role(self, name: str) -> Role:
        return Role.objects.get(name=name)


class GrantingTest(RolesTestCase):
    def test_after_a_migrate_the_three_roles_exist_and_admin_may_what_the_others_may(self) -> None:
        names = {role.name: domain.permissions_of(role) for role in Role.objects.all()}
        self.assertLessEqual(names["Teacher"] | names["Assistant"], names["Admin"])
        self.assertIn("users.enter_office", names["Admin"])

    def test_what_an_admin_took_away_stays_away_after_the_next_migrate(self) -> None:
        admin = self.role("Admin")
        admin.permissions.remove(*domain.permissions_named({"users.add_user"}))
        domain.grant_declared()
        self.assertNotIn("users.add_user", domain.permissions_of(admin))

    def test_what_an_admin_added_stays_after_the_next_migrate(self) -> None:
        teacher = self.role("Teacher")
        teacher.permissions.add(*domain.permissions_named({"users.view_consent"}))
        domain.grant_declared()
        self.assertIn("users.view_consent", domain.permissions_of(teacher))

    def test_a_wish_that_is_new_is_granted(self) -> None:
        admin = self.role("Admin")
        admin.permissions.clear()
        Grant.objects.filter(permission="users.add_user").delete()
        domain.grant_declared()
        self.assertEqual(domain.permissions_of(admin), {"users.add_user"})

    def test_a_second_migrate_changes_nothing(self) -> None:
        before = [(role.name, domain.permissions_of(role)) for role in Role.objects.all()]
        call_command("migrate", verbosity=0)
        self.assertEqual(before, [(role.name, domain.permissions_of(role)) for role in Role.objects.all()])

    def test_a_permission_that_no_model_has_is_told_at_start_up(self) -> None:
        self.assertEqual(checks.check_role_permissions(), [])
        self.assertNotIn("users.fly", checks.known_permissions())


class PredicatesTest(RolesTestCase):
    def test_each_role_is_held_by_whom_one_would_say(self) -> None:
        held = {
            person.first_name: [test(person) for test in (roles.is_teacher, roles.is_assistant, roles.is_admin)]
            for person in (self.alice, self.tess, self.ash, self.office, self.ada)
        }
        wanted = {
            "Alice": [False, False, False],
            "Tess": [True, False, False],
            "Ash": [False, True, False],
            "Olga": [True, True, True],
            "Ada": [True, True, True],
        }
        self.assertEqual(held, wanted)

    def test_a_visitor_holds_no_role(self) -> None:
        self.assertFalse(roles.is_team(AnonymousUser()))

    def test_a_closed_account_holds_no_role(self) -> None:
        self.tess.is_active = self.ada.is_active = False
        self.assertFalse(roles.is_teacher(self.tess))
        self.assertFalse(roles.is_admin(self.ada))


class DecoratorsTest(RolesTestCase):
    def answer(self, decorator: object, person: User | AnonymousUser) -> HttpResponse:
        request = RequestFactory().get("/desk/somewhere/?page=2")
        request.user = person
        response: HttpResponse = decorator(lambda request: HttpResponse("in"))(request)  # type: ignore[operator]
        return response

    @override_settings(LOGIN_URL="/user/login/")
    def test_a_visitor_is_sent_to_the_log_in_page_and_will_come_back(self) -> None:
        response = self.answer(roles.teacher_required, AnonymousUser())
        self.assertEqual(response.status_code, 302)
        self.assertTrue(response["Location"].endswith("next=/desk/somewhere/%3Fpage%3D2"), response["Location"])

    def test_whoever_has_the_role_comes_in_and_others_are_refused(self) -> None:
        people = SimpleNamespace(teacher=self.tess, assistant=self.ash, admin=self.office)
        cases = [
            (roles.teacher_required, ["teacher", "admin"]),
            (roles.assistant_required, ["assistant", "admin"]),
            (roles.admin_required, ["admin"]),
            (roles.team_required, ["teacher", "assistant", "admin"]),
            (roles.desk_required("users.view_user"), ["admin"]),
        ]
        for decorator, may in cases:
            for name, person in vars(people).items():
                with self.subTest(f"{decorator} {name}"):
                    if name in may:
                        self.assertEqual(self.answer(decorator, person).content, b"in")
                    else:
                        self.assertRaises(PermissionDenied, self.answer, decorator, person)

    def test_a_desk_page_needs_its_permission_and_the_one_to_enter_the_office(self) -> None:
        role = Role.objects.create(name="Door")
        role.permissions.add(*domain.permissions_named({"users.view_user"}))
        self.sam.groups.add(role)
        with self.assertRaises(PermissionDenied):
            self.answer(roles.desk_required("users.view_user"), self.sam)
        role.permissions.add(*domain.permissions_named({"users.enter_office"}))
        sam = User.objects.get(pk=self.sam.pk)
        self.assertEqual(self.answer(roles.desk_required("users.view_user"), sam).content, b"in")
        with self.assertRaises(PermissionDenied):
            self.answer(roles.desk_required("users.add_user"), sam)


class GivingTest(RolesTestCase):
    def test_giving_a_role_is_written_down_and_holds_at_once(self) -> None:
        self.assertFalse(roles.is_teacher(self.sam))
        domain.give_role(self.office, self.sam, self.role("Teacher"), why="joins in May")
        self.assertTrue(roles.is_teacher(self.sam))
        entry = Entry.objects.get(action="users.role_given")
        self.assertEqual(
            (entry.actor_id, entry.subject_id, entry.why), (self.office.pk, str(self.sam.pk), "joins in May")
        )
        self.assertEqual(entry.details, {"role": "Teacher"})

    def test_taking_a_role_is_written_down_and_holds_at_once(self) -> None:
        self.assertTrue(roles.is_teacher(self.tess))
        domain.take_role(self.office, self.tess, self.role("Teacher"))
        self.assertFalse(roles.is_teacher(self.tess))
        self.assertTrue(Entry.objects.filter(action="users.role_taken").exists())

    def test_giving_a_role_twice_writes_once(self) -> None:
        for _ in range(2):
            domain.give_role(self.office, self.sam, self.role("Teacher"))
        self.assertEqual(Entry.objects.filter(action="users.role_given").count(), 1)

    def test_nobody_gives_a_role_that_may_more_than_they_may(self) -> None:
        with self.assertRaises(domain.RoleNotGrantable):
            domain.give_role(self.tess, self.tess, self.role("Admin"))
        self.assertFalse(roles.is_admin(self.tess))

    def test_only_a_superuser_changes_a_superuser(self) -> None:
        self.ada.is_superuser = True
        self.ada.save()
        self.assertFalse(domain.may_change_account(self.office, self.ada))
        self.assertTrue(domain.may_change_account(self.ada, self.office))
        self.assertTrue(domain.may_change_account(self.office, self.tess))
        self.assertFalse(domain.may_change_account(self.tess, self.office))
