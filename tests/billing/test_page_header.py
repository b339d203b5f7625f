from tests.billing.base import BillingTestCase


class HeaderTest(BillingTestCase):
    def test_page_header_shows_the_number_of_items_in_the_cart(self) -> None:
        self.log_in(self.alice)
        self.assertNotContains(self.client.get("/contact/"), "header-tool")
        self.create_cart(1, 2, payer=self.alice)
        self.assertContains(self.client.get("/contact/"), '<span class="visually-hidden"> items</span>')

    def test_visitor_without_a_cart_causes_no_extra_query(self) -> None:
        with self.assertNumQueries(1):
            self.client.get("/contact/")
