"""Somebody else is to see the invoices."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.customer import PASSWORD, Customer
from tests.browser.demo import Demo


def test_an_invited_colleague_sees_the_invoices_and_cannot_manage_the_team(
    newcomer: Callable[..., Customer], demo: Demo
) -> None:
    ada, kim = newcomer("Ada", "Analytical Engines"), newcomer("Kim", "none of her own")
    ada.signs_in(demo.env["ADA_EMAIL"], demo.env["ADA_PASSWORD"])
    ada.opens("/settings/team")
    ada.fills(Email=kim.email)
    ada.page.get_by_label("Role", exact=True).select_option("billing")
    ada.presses("Invite")
    expect(ada.page.get_by_role("table", name="Pending invitations")).to_contain_text(kim.email)

    kim.opens(demo.link_mailed_to(kim.email, "/invitations/"))
    kim.is_on("Join Analytical Engines")
    kim.fills(Name="Kim Babbage", Password=PASSWORD)
    kim.presses("Create account and join")
    kim.is_on("Overview")
    expect(kim.page.locator("#flashes")).to_have_text("You now belong to Analytical Engines.")
    kim.has_plan("Growth", "Active")
    kim.opens("/invoices")
    expect(kim.invoice_links().first).to_be_visible()

    kim.opens("/settings/team")
    expect(kim.page.get_by_role("table", name="Members")).to_contain_text("Ada Lovelace")
    for deed in ("Invite", "Save", "Revoke"):
        expect(kim.page.get_by_role("main").get_by_role("button", name=deed)).to_have_count(0)
    expect(kim.page.get_by_role("link", name="Remove")).to_have_count(0)

    ada.opens("/settings/team")
    expect(ada.page.get_by_role("table", name="Members")).to_contain_text("Kim Babbage")
