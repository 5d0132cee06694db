"""What somebody reads on a page: the text of HTML, with the signs that a browser puts before items of lists."""

from html.parser import HTMLParser

INLINE = frozenset({"a", "br", "code", "del", "em", "s", "small", "span", "strong", "sub", "sup", "u"})


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.lists: list[int | None] = []  # what is counted in each open list; nothing in one of bullets
        self.shown_address = ""
        self.is_link = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in INLINE or tag == "br":
            self.parts.append("\n")
        if tag in {"ol", "ul"}:
            self.lists.append(0 if tag == "ol" else None)
        if tag == "li":
            self._begin_item()
        if tag == "hr":
            self.parts.append("* * *\n")
        if tag == "p":
            self.is_link = given.get("class") in {"related", "embed"}
        if tag == "a" and self.is_link:
            self.shown_address = given["href"] or ""

    def _begin_item(self) -> None:
        number = self.lists[-1]
        if number is not None:
            self.lists[-1] = number = number + 1
        self.parts.append("• " if number is None else f"{number}. ")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"ol", "ul"}:
            self.lists.pop()
        if tag == "a" and self.shown_address:
            self.parts.append(f" {self.shown_address}")
            self.shown_address = ""
        if tag == "p":
            self.is_link = False
        if tag not in INLINE:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def page_text(html: str) -> str:
    """Return a page's text, its words apart by single spaces."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return words_of("".join(reader.parts))


def words_of(text: str) -> str:
    """Return a text with single spaces."""
    return " ".join(text.split())
