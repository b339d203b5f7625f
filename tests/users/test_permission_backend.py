from django.contrib.auth.models import AnonymousUser, Group, Permission

from tests.base import SchoolTestCase
from users.backends import PermissionBackend
from users.models import User


class PermissionBackendTest(SchoolTestCase):
    def permissions_of(self, user: User) -> set[str]:
        return PermissionBackend().get_all_permissions(User.objects.get(pk=user.pk))

    def test_user_and_group_permissions_are_loaded_with_one_query(self) -> None:
        permissions = {name: Permission.objects.get(codename=name) for name in ("view_event", "view_delivery")}
        group = Group.objects.create(name="Lookers")
        group.permissions.add(permissions["view_event"])
        self.sam.groups.add(group)
        self.sam.user_permissions.add(*permissions.values())
        sam = User.objects.get(pk=self.sam.pk)
        with self.assertNumQueries(1):
            self.assertEqual(sam.get_all_permissions(), {"outbox.view_event", "outbox.view_delivery"})
            self.assertTrue(sam.has_perm("outbox.view_event"))

    def test_closed_account_and_anonymous_visitor_have_no_permissions(self) -> None:
        User.objects.filter(pk=self.ada.pk).update(is_active=False)
        self.assertEqual(self.permissions_of(self.ada), set())
        self.assertEqual(PermissionBackend().get_all_permissions(AnonymousUser()), set())

    def test_superuser_has_every_permission(self) -> None:
        User.objects.filter(pk=self.sam.pk).update(is_superuser=True)
        self.assertEqual(len(self.permissions_of(self.sam)), Permission.objects.count())

    def test_backend_grants_no_permissions_for_single_objects(self) -> None:
        self.assertEqual(PermissionBackend().get_all_permissions(self.ada, self.ada), set())
