from typing import Any

from django.urls import reverse

from history.models import Entry
from mailroom.models import Message
from tests import make
from tests.base import SchoolTestCase
from users.domain import roles
from users.models import Role, Staff, Student, User


class OfficeTestCase(SchoolTestCase):
    office: User

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.office = make.account("office@example.org", "Olga", "Office", make.PASSWORD)
        make.staff(cls.office, "Admin")

    def setUp(self) -> None:
        self.log_in(self.office)

    def form_of(self, account: User) -> dict[str, Any]:
        """What the browser would send back of a person's page, unchanged."""
        form = self.client.get(reverse("admin:users_user_change", args=[account.pk])).context["adminform"].form
        sent = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
        sent["roles"] = [role.pk for role in sent.get("roles") or []]
        for prefix in ("student", "in_care", "staff", "consents"):
            sent |= {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}
        return sent

    def deed(self, key: str, *people: User, **sent: str) -> Any:
        ticked = ",".join(str(person.pk) for person in people)
        return self.client.post(f"{reverse('admin:users_user_deed', args=[key])}?people={ticked}", sent)


class EnteringTest(OfficeTestCase):
    def test_the_admin_is_entered_by_the_sites_own_log_in_and_one_comes_back(self) -> None:
        self.client.logout()
        response = self.client.get(reverse("admin:users_user_changelist"), follow=True)
        self.assertEqual(response.resolver_match.url_name, "login")
        self.assertIn(reverse("admin:users_user_changelist"), response.redirect_chain[-1][0])
        self.assertEqual(self.client.post(reverse("admin:login"), {"username": "x", "password": "y"}).status_code, 302)

    def test_who_is_logged_in_without_the_right_is_told_so(self) -> None:
        for person in (self.alice, self.tess):
            self.log_in(person)
            self.assertEqual(self.client.get(reverse("admin:index"), follow=True).status_code, 403)

    def test_it_bears_the_schools_name(self) -> None:
        self.assertContains(self.client.get(reverse("admin:index")), "Hepcat Test School Admin")

    def test_keys_of_the_second_factor_are_shown_to_nobody(self) -> None:
        self.log_in(self.ada)
        self.assertNotContains(self.client.get(reverse("admin:index")), "totp")


class AccountListTest(OfficeTestCase):
    url = "admin:users_user_changelist"

    def listed(self, **query: str) -> list[str]:
        response = self.client.get(reverse(self.url), query)
        return [str(person) for person in response.context["cl"].result_list]

    def test_a_person_is_found_by_name_address_and_child(self) -> None:
        for words in ("gray", "gus@EXAMPLE.org", "Kit"):
            with self.subTest(words):
                self.assertEqual(self.listed(q=words), ["Gus Gray"])

    def test_the_list_is_narrowed_by_role_and_state(self) -> None:
        self.sam.is_active = False
        self.sam.save()
        self.assertEqual(self.listed(role=str(Role.objects.get(name="Teacher").pk)), ["Tess Tanner"])
        self.assertEqual(self.listed(state="closed"), ["Sam Stranger"])
        self.assertNotIn("Tess Tanner", self.listed(role="none"))

    def test_it_asks_the_database_as_often_for_thirty_people_as_for_one(self) -> None:
        def people(count: int) -> None:
            for number in range(count):
                make.account(f"p{count}-{number}@example.org", "Pat").groups.add(Role.objects.get(name="Teacher"))

        self.assertSameQueries(reverse(self.url), people)

    def test_no_page_shows_a_password_hash(self) -> None:
        self.assertNotContains(self.client.get(reverse("admin:users_user_change", args=[self.alice.pk])), "pbkdf2")


class AddingTest(OfficeTestCase):
    def add(self, **sent: Any) -> User:
        data = {"first_name": " Nia ", "last_name": "New", "email": "Nia@Example.org"} | sent
        response = self.client.post(reverse("admin:users_user_add"), data)
        self.assertEqual(response.status_code, 302, getattr(response, "context", None) and response.context["errors"])
        return User.objects.get(email="nia@example.org")

    def test_a_person_is_added_without_a_password_and_with_a_record_as_student(self) -> None:
        nia = self.add(attends="on")
        self.assertFalse(nia.has_usable_password())
        self.assertEqual((nia.student.first_name, nia.student.email), ("Nia", "nia@example.org"))
        self.assertFalse(Message.objects.filter(to=nia.email).exists())
        self.assertEqual(Entry.objects.get(subject_id=str(nia.pk), subject_type="user").action, "users.account_added")

    def test_the_link_goes_out_when_ticked(self) -> None:
        nia = self.add(send_link="on")
        self.assertEqual(Message.objects.get(to=nia.email).template, "users.link")
        self.assertFalse(Student.objects.filter(user=nia).exists())

    def test_an_address_that_is_taken_is_told_beside_the_field(self) -> None:
        response = self.client.post(reverse("admin:users_user_add"), {"first_name": "A", "email": "ALICE@example.org"})
        self.assertContains(response, "already exists")


class ChangingTest(OfficeTestCase):
    def change(self, account: User, **sent: Any) -> Any:
        url = reverse("admin:users_user_change", args=[account.pk])
        return self.client.post(url, self.form_of(account) | sent)

    def test_a_corrected_address_counts_at_once_and_the_old_one_is_told(self) -> None:
        before = self.alice.link_nonce
        self.assertEqual(self.change(self.alice, email="alice@new.example").status_code, 302)
        alice = User.objects.get(pk=self.alice.pk)
        self.assertEqual((alice.email, alice.student.email), ("alice@new.example", "alice@new.example"))
        self.assertNotEqual(alice.link_nonce, before)
        self.assertTrue(Message.objects.filter(to="alice@example.org", template="users.email_changed").exists())
        self.assertEqual(Entry.objects.get(action="users.account_changed").details, {"fields": ["email"]})

    def test_roles_are_given_and_taken_with_a_record(self) -> None:
        assistant = Role.objects.get(name="Assistant")
        self.assertEqual(self.change(self.sam, roles=[assistant.pk]).status_code, 302)
        self.assertTrue(roles.has_named_role(User.objects.get(pk=self.sam.pk), "Assistant"))
        self.change(self.sam, roles=[])
        self.assertFalse(roles.has_named_role(User.objects.get(pk=self.sam.pk), "Assistant"))
        acts = Entry.objects.filter(subject_id=str(self.sam.pk)).values_list("action", flat=True)
        self.assertEqual(list(acts), ["users.role_taken", "users.role_given"])

    def test_nobody_gives_themselves_more_than_they_have(self) -> None:
        desk = Role.objects.create(name="Front desk")
        desk.permissions.set(
            roles.permissions_named({"users.enter_office", "users.view_user", "users.change_user", "users.give_role"})
        )
        self.log_in(self.sam)
        self.sam.groups.add(desk)
        admin = Role.objects.get(name="Admin")
        response = self.client.post(
            reverse("admin:users_user_change", args=[self.sam.pk]), self.form_of(self.sam) | {"roles": [admin.pk]}
        )
        self.assertEqual(response.status_code, 200)
        self.assertFalse(roles.has_named_role(User.objects.get(pk=self.sam.pk), "Admin"))
        for mightier in (self.office, self.ada):
            response = self.client.post(
                reverse("admin:users_user_change", args=[mightier.pk]), {"email": "mine@x.example"}
            )
            self.assertEqual(response.status_code, 403)

    def test_an_admin_cannot_change_a_superuser(self) -> None:
        User.objects.filter(pk=self.ada.pk).update(is_superuser=True)
        response = self.client.post(reverse("admin:users_user_change", args=[self.ada.pk]), {"email": "mine@x.example"})
        self.assertEqual(response.status_code, 403)
        self.assertEqual(self.deed("close", self.ada, why="x").status_code, 403)

    def test_an_account_is_never_deleted(self) -> None:
        self.log_in(self.ada)
        self.assertEqual(self.client.post(reverse("admin:users_user_delete", args=[self.sam.pk])).status_code, 403)


class DeedTest(OfficeTestCase):
    def test_closing_asks_why_and_is_on_record(self) -> None:
        self.assertEqual(self.deed("close", self.sam, self.alice).status_code, 200)
        self.assertTrue(User.objects.get(pk=self.sam.pk).is_active)
        self.assertEqual(self.deed("close", self.sam, self.alice, why="moved away").status_code, 302)
        self.assertFalse(User.objects.filter(pk__in=[self.sam.pk, self.alice.pk], is_active=True).exists())
        self.assertEqual(Entry.objects.filter(action="users.account_closed", why="moved away").count(), 2)

    def test_opening_again_asks_why_too(self) -> None:
        self.deed("close", self.sam, why="x")
        self.deed("reopen", self.sam, why="came back")
        self.assertTrue(User.objects.get(pk=self.sam.pk).is_active)

    def test_a_link_is_sent_without_a_reason(self) -> None:
        self.deed("send-link", self.sam)
        self.assertTrue(Message.objects.filter(to=self.sam.email, template="users.link").exists())

    def test_actions_of_the_list_lead_to_the_page_that_asks(self) -> None:
        sent = {"action": "close", "_selected_action": [self.sam.pk, self.alice.pk]}
        response = self.client.post(reverse("admin:users_user_changelist"), sent, follow=True)
        self.assertContains(response, "Sam Stranger")
        self.assertContains(response, "Alice Arden")

    def test_an_unknown_deed_or_person_is_no_page(self) -> None:
        self.assertEqual(self.deed("dance", self.sam).status_code, 404)
        self.assertEqual(self.deed("close").status_code, 404)

    def test_what_happened_is_told_on_the_persons_page(self) -> None:
        self.deed("close", self.sam, why="moved away")
        page = self.client.get(reverse("admin:users_user_change", args=[self.sam.pk]))
        self.assertContains(page, "moved away")
        self.assertContains(page, "closed the account")
        self.assertContains(page, "Olga Office")


class RoleAdminTest(OfficeTestCase):
    def test_a_role_is_made_in_words_one_understands(self) -> None:
        page = self.client.get(reverse("admin:users_role_add"))
        self.assertContains(page, "change account")
        self.assertNotContains(page, "Can change")
        self.assertNotContains(page, "session store")
        wanted = roles.permissions_named({"users.enter_office", "users.view_student"})
        self.client.post(reverse("admin:users_role_add"), {"name": "Door", "permissions": [each.pk for each in wanted]})
        door = Role.objects.get(name="Door")
        self.assertEqual(roles.permissions_of(door), {"users.enter_office", "users.view_student"})
        self.assertTrue(Entry.objects.filter(action="users.role_added").exists())

    def test_the_sites_own_roles_keep_their_names_and_stay(self) -> None:
        teacher = Role.objects.get(name="Teacher")
        self.client.post(reverse("admin:users_role_change", args=[teacher.pk]), {"name": "Guru", "permissions": []})
        self.assertTrue(Role.objects.filter(name="Teacher").exists())
        self.assertEqual(self.client.post(reverse("admin:users_role_delete", args=[teacher.pk])).status_code, 403)

    def test_a_role_that_may_more_than_oneself_is_not_changed(self) -> None:
        narrow = Role.objects.create(name="Narrow")
        narrow.permissions.set(roles.permissions_named({"users.enter_office", "users.view_role", "users.change_role"}))
        self.sam.groups.add(narrow)
        self.log_in(self.sam)
        admin = Role.objects.get(name="Admin")
        self.assertEqual(self.client.post(reverse("admin:users_role_change", args=[admin.pk]), {}).status_code, 403)


class StudentAdminTest(OfficeTestCase):
    def test_those_without_an_account_are_listed_too(self) -> None:
        Student.objects.create(first_name="Wim", last_name="Without", email="wim@example.org")
        page = self.client.get(reverse("admin:users_student_changelist"), {"account": "none"})
        self.assertEqual([str(each) for each in page.context["cl"].result_list], ["Wim Without"])

    def test_it_asks_the_database_as_often_for_thirty_as_for_one(self) -> None:
        def children(count: int) -> None:
            for number in range(count):
                make.child(self.gus, f"Child {count} {number}")

        self.assertSameQueries(reverse("admin:users_student_changelist"), children)

    def test_two_records_of_one_person_are_joined_after_a_look_at_what_happens(self) -> None:
        other = Student.objects.create(first_name="Alice", last_name="A.", email="al@example.org", notes="left knee")
        url = f"{reverse('admin:users_student_join')}?people={other.pk},{self.student.pk}"
        self.assertContains(self.client.get(url), "The record of Alice A. will be combined with Alice Arden.")
        self.assertEqual(Student.objects.filter(pk=other.pk).count(), 1)
        self.client.post(url, {"why": "wrote her name short"})
        self.assertFalse(Student.objects.filter(pk=other.pk).exists())
        self.assertEqual(Student.objects.get(pk=self.student.pk).notes, "left knee")
        self.assertEqual(Entry.objects.get(action="users.people_merged").why, "wrote her name short")


class StaffAdminTest(OfficeTestCase):
    def test_the_order_on_the_about_page_is_changed_in_the_list(self) -> None:
        rows = list(Staff.objects.order_by("listing", "user__first_name"))
        sent: dict[str, Any] = {"form-TOTAL_FORMS": len(rows), "form-INITIAL_FORMS": len(rows), "_save": "Save"}
        for number, row in enumerate(rows):
            sent |= {f"form-{number}-user": row.pk, f"form-{number}-listing": 1 if row.user == self.tess else 10}
        self.client.post(reverse("admin:users_staff_changelist"), sent)
        self.assertEqual(Staff.objects.listed()[0].user, self.tess)
        self.assertEqual(Entry.objects.get(action="users.staff_changed").details, {"fields": ["Listing"]})
