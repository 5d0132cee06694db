"""What `standfirst export` tells of an article besides its draft, written down again as it was."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from api.editorial.drafts import check_ids, drafted
from api.editorial.schemas import ArticleForm
from api.exchange.prepared import NewArticle, Stock, new_article
from api.exchange.records import ArticleRecord, Edition, History
from domain import editions
from domain.articles import Article, Correction, Draft, Publication
from domain.body import Body, without_paywall
from domain.desk import House
from domain.imports import Taken
from domain.teaser import Teaser
from domain.workflow import DraftState, PublicationState
from infra.ids import Sources
from infra.revisions import Revision

SUPERSEDED = "superseded"
_SHOWN = {PublicationState.LIVE, PublicationState.SCHEDULED}


def forms_of(record: ArticleRecord) -> list[ArticleForm]:
    """Return all that a record holds of drafts."""
    older = [one.draft for one in record.history.revisions if one.draft] if record.history else []
    return [record, *older]


def pictures_of(forms: Iterable[ArticleForm]) -> set[str]:
    """Return the ids of the pictures that forms name."""
    uses = [use for form in forms for use in (form.lead_image, *form.body)]
    return {media_id for use in uses if (media_id := getattr(use, "media_id", None))}


@dataclass(frozen=True, slots=True)
class Past:
    """An article that has been here or in a database like this one: its record, and what that may name."""

    article_id: str
    record: ArticleRecord
    body: Body
    stock: Stock
    house: House
    sources: Sources

    def prepared(self, history: History) -> NewArticle:
        """Return the article as it is written down."""
        drafts = [self._draft(one.draft) if one.draft else self._newest() for one in history.revisions]
        saves = [
            (Revision(one.number, one.version, one.note, one.created_by, one.created_at), draft)
            for one, draft in zip(history.revisions, drafts, strict=True)
        ]
        made = {one.number: self._edition(one, drafts[one.draft_revision - 1]) for one in history.publications}
        gone = tuple(made[one.number] for one in history.publications if one.state == SUPERSEDED)
        shown = tuple(made[one.number] for one in history.publications if one.state != SUPERSEDED)
        article = Article(
            self.article_id,
            history.group_id,
            history.version,
            len(drafts),
            drafts[-1],
            DraftState(history.state),
            history.created_by,
            history.revisions[-1].created_by,
            history.created_at,
            history.updated_at,
        )
        prepared = new_article(Taken(article, shown, gone), saves, self.stock, self.sources.now())
        return replace(prepared, translation_of=None)  # its group is told

    def _newest(self) -> Draft:
        draft = drafted(self.record, self.body, self.stock.tag_ids, self.stock.maker_ids, self.house.style.policy)
        check_ids(draft, frozenset(self.stock.pictures), draft.article_ids)
        return draft

    def _draft(self, form: ArticleForm) -> Draft:
        """Return an older draft; what it names may have been removed since."""
        body = tuple(block.as_block() for block in form.body)
        return drafted(form, body, self.stock.tag_ids, self.stock.maker_ids, self.house.style.policy)

    def _edition(self, told: Edition, draft: Draft) -> editions.Edition:
        whole = without_paywall(draft.body)
        teaser = Teaser(whole, 0)
        if told.teaser:
            teaser = Teaser(tuple(one.as_block() for one in told.teaser.body), told.teaser.remaining_percent)
        publication = self._publication(told, draft)
        if publication.state in _SHOWN and told.state != SUPERSEDED:
            editions.check_publishable(draft, self.stock.pictures)
        front = replace(editions.front_of(draft), reading_minutes=told.reading_minutes)
        return editions.Edition(publication, front, teaser, whole)

    def _publication(self, told: Edition, draft: Draft) -> Publication:
        state = PublicationState.UNPUBLISHED if told.state == SUPERSEDED else PublicationState(told.state)
        return Publication(
            id=self.sources.new_id(),
            article_id=self.article_id,
            group_id=told.group_id,
            number=told.number,
            revision=told.draft_revision,
            slug=draft.slug,
            language=draft.language,
            gate=draft.gate,
            published_at=told.published_at,
            updated_at=told.updated_at,
            live_from=told.live_from,
            live_until=told.live_until,
            replaced_at=told.replaced_at,
            state=state,
            public_note=told.public_note,
            corrections=tuple(Correction(one.at, one.text) for one in told.corrections),
        )
