"""What a page shows, as a person or a test suite reads it."""

from html.parser import HTMLParser

import httpx

_VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "wbr"}


class Page(HTMLParser):
    """A page taken apart.

    Attributes:
        inputs: the attributes of its inputs, in the page's order.
        flashes: the texts of the elements of class `flashes`.
        links: the addresses that its links and style sheets lead to.
        actions: where its forms go.
        text: everything that is not markup.

    """

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__()
        assert answer.headers["Content-Type"].startswith("text/html"), answer.text
        self.inputs: list[dict[str, str | None]] = []
        self.actions: list[str | None] = []
        self.links: list[str] = []
        self.text = ""
        self.flashes: list[str] = []
        self._areas: dict[str, str] = {}
        self._area: str | None = None
        self._open: list[tuple[str, str]] = []
        self.feed(answer.text)

    def handle_starttag(
        self, tag: str, attributes: list[tuple[str, str | None]]
    ) -> None:
        """Note an element."""
        named = dict(attributes)
        if tag == "input":
            named["in"] = " ".join(classes for _, classes in self._open)
            self.inputs.append(named)
        elif tag == "textarea":
            self._area = named.get("name") or ""
            self._areas[self._area] = ""
        elif tag == "form":
            self.actions.append(named.get("action"))
        if href := named.get("href"):
            self.links.append(href)
        if tag not in _VOID:
            self._open.append((tag, named.get("class") or ""))
            if "flashes" in (named.get("class") or "").split():
                self.flashes.append("")

    def handle_endtag(self, tag: str) -> None:
        """Note an element's end, with those left open inside it."""
        if tag == "textarea":
            self._area = None
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.text += data
        if self._area is not None:
            self._areas[self._area] += data
        if any("flashes" in classes.split() for _, classes in self._open):
            self.flashes[-1] += data

    def typed(self, name: str) -> str:
        """Return what stands in a text area; its first line break does not count."""
        return self._areas[name].removeprefix("\n")

    def hidden(self) -> dict[str, str]:
        """Return the hidden inputs, as a browser sends them along."""
        return {
            i["name"] or "": i.get("value") or ""
            for i in self.inputs
            if i.get("type") == "hidden"
        }

    def value(self, name: str) -> str | None:
        """Return what stands in an input."""
        return next(i.get("value") for i in self.inputs if i.get("name") == name)


def flash_of(answer: httpx.Response) -> str:
    """Return the one sentence that a page flashes."""
    flashes = [" ".join(flash.split()) for flash in Page(answer).flashes]
    assert len(flashes) == 1, flashes
    return flashes[0]
