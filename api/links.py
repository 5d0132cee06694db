"""Addresses in answers. All begin with the configured public address, never with what a caller sent."""

from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from api.caching import GIFT
from api.parts import Visit
from domain.articles import Publication
from domain.media import ORIGINAL

A_READER, THE_NEWSROOM = "reader", "newsroom"


@dataclass(frozen=True, slots=True)
class Links:
    """Makes the addresses that one request's answer holds."""

    visit: Visit

    def to(self, path: str, **query: str) -> str:
        """Return the address of something on this server."""
        asked = f"?{urlencode(query)}" if query else ""
        return f"{self.visit.parts.settings.base_url}{path}{asked}"

    def canonical(self, publication: Publication) -> str:
        """Return where an article is read on the site."""
        return self.site(publication.article_id, slug=publication.slug, language=publication.language)

    def site(self, article_id: str, *, slug: str, language: str) -> str:
        """Return where an article of this name is read on the site."""
        template = self.visit.parts.settings.article_url
        return template.format(language=quote(language), slug=quote(slug), id=article_id)

    def gift(self, publication: Publication, token: str) -> str:
        """Return where an article is read on the site by whoever was given it: told once, to who gives it."""
        parts = urlsplit(self.canonical(publication))
        asked = f"{parts.query}&" if parts.query else ""
        return urlunsplit(parts._replace(query=f"{asked}{urlencode({GIFT: token})}"))

    def picture(self, media_id: str, rendition: str = ORIGINAL, *, signed_for: str | None) -> str:
        """Return the address of a form of a picture; a signed one opens it for some minutes to whoever has it.

        For a reader it does so only while some live article shows the picture, for the newsroom always.
        """
        path = f"/media/{media_id}/{rendition}"
        if signed_for is None:
            return self.to(path)
        settings = self.visit.parts.settings
        expires, signature = self.visit.parts.seals.sign_media(
            f"{path} {signed_for}", now=self.visit.now, seconds=settings.media_url_seconds
        )
        return self.to(path, expires=str(expires), signature=signature)
