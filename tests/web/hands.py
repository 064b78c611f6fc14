"""How somebody works a page: with a mouse, or with Tab, Enter, Space and the arrows alone."""

from playwright.sync_api import Locator, Page

from tests.web.browser import assert_fits

MOST_STEPS = 250


class Mouse:
    """Finds things by the names people read; every page it comes to fits its window."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def menu(self, name: str) -> None:
        """An entry of the navigation, which a narrow window hides behind a button."""
        toggle = self.page.get_by_role("button", name="Menu", exact=True)
        if toggle.is_visible():
            self._touch(toggle)
        self._leave_by(self.page.get_by_role("navigation", name="Menu").get_by_role("link", name=name))

    def follow(self, name: str) -> None:
        """A link, also one that looks like a button."""
        link, button = self.page.get_by_role("link", name=name), self.page.get_by_role("button", name=name)
        self._leave_by(link.or_(button).first)

    def press(self, name: str) -> None:
        self._leave_by(self.page.locator("main").get_by_role("button", name=name, exact=True).first)

    def open(self, name: str) -> None:
        self._touch(self.page.locator("summary", has_text=name).first)

    def write(self, label: str, text: str) -> None:
        self.write_into(self.page.get_by_label(label, exact=True).first, text)

    def choose(self, label: str) -> None:
        """A radio button or a checkbox."""
        self._choose(self.page.get_by_label(label, exact=True).first)

    def _leave_by(self, target: Locator) -> None:
        with self.page.expect_navigation():
            self._touch(target)
        assert_fits(self.page)

    def _touch(self, target: Locator) -> None:
        target.click()

    def write_into(self, target: Locator, text: str) -> None:
        target.fill(text)

    def _choose(self, target: Locator) -> None:
        target.check()


class Keyboard(Mouse):
    """Goes from one thing to the next as Tab does; whatever Tab does not reach is out of reach."""

    def _touch(self, target: Locator) -> None:
        self._reach(target)
        self.page.keyboard.press("Enter")

    def write_into(self, target: Locator, text: str) -> None:
        self._reach(target)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def _choose(self, target: Locator) -> None:
        if target.get_attribute("type") == "checkbox":
            self._reach(target)
            self.page.keyboard.press("Space")
            return
        self._reach(target, of_its_group=True)
        for _ in range(10):
            self.page.keyboard.press("Space")
            if target.is_checked():
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"no arrow leads to {target}")

    def _reach(self, target: Locator, *, of_its_group: bool = False) -> None:
        """Tab stops at one radio button of a group; the arrows lead to the others."""
        same = "e => e === document.activeElement"
        grouped = "e => e === document.activeElement || (!!e.name && e.name === document.activeElement.name)"
        for _ in range(MOST_STEPS):
            if target.evaluate(grouped if of_its_group else same):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab never reaches {target}")
