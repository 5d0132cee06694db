"""An editor who writes by the generated Python client, and a reader who reads by it. Prints what happened."""

import json
import sys
from http import HTTPStatus

from standfirst_client import AuthenticatedClient, Client
from standfirst_client.api.accounts import get_token, read_me
from standfirst_client.api.articles import act_on_article, create_article, edit_article, read_draft
from standfirst_client.api.delivery import list_articles, read_article
from standfirst_client.models import (
    Action,
    ActionForm,
    Article,
    ArticleForm,
    ArticlePatch,
    CardPage,
    GateForm,
    Me,
    NewsroomArticle,
    Problem,
    Requires,
    SeoPatch,
    SpanForm,
    TextBlock,
    TextBlockForm,
    TokenAnswer,
    TokenForm,
    TokenFormGrantType,
)


def sign_in(url: str, email: str, password: str) -> AuthenticatedClient:
    """Return a client that calls with the token of somebody."""
    form = TokenForm(grant_type=TokenFormGrantType.PASSWORD, username=email, password=password)
    answer = get_token.sync(client=Client(base_url=url), body=form)
    assert isinstance(answer, TokenAnswer), answer
    return AuthenticatedClient(base_url=url, token=answer.access_token)


def write(client: AuthenticatedClient) -> NewsroomArticle:
    """Create an article, change it, publish it under the version that was read, and be too late once."""
    paragraphs = [" ".join(f"word{at}{paragraph}" for at in range(40)) for paragraph in "abcd"]
    body = [TextBlockForm(field_type_="block", children=[SpanForm(text=text)]) for text in paragraphs]
    form = ArticleForm(
        title="Written by a client", language="en", body=[*body], access=GateForm(requires=Requires.SUBSCRIBER)
    )
    made = create_article.sync_detailed(client=client, body=form, idempotency_key="a-client-once")
    assert made.status_code == HTTPStatus.CREATED
    assert isinstance(made.parsed, NewsroomArticle), made.parsed
    draft = made.parsed
    patch = ArticlePatch(title="Changed by a client", seo=SeoPatch(title="Client"), kind=None)
    changed = edit_article.sync(draft.id, client=client, body=patch, if_match=made.headers["ETag"])
    assert isinstance(changed, NewsroomArticle), changed
    late = act_on_article.sync_detailed(
        draft.id, Action.PUBLISH, client=client, body=ActionForm(), if_match=made.headers["ETag"]
    )
    assert late.status_code == HTTPStatus.PRECONDITION_FAILED
    assert isinstance(late.parsed, Problem), late.parsed
    assert (late.parsed.type_, late.parsed.current_version) == ("/problems/stale", changed.version)
    read = read_draft.sync_detailed(draft.id, client=client)
    live = act_on_article.sync(
        draft.id, Action.PUBLISH, client=client, body=ActionForm(note="Good."), if_match=read.headers["ETag"]
    )
    assert isinstance(live, NewsroomArticle), live
    return live


def whole(client: AuthenticatedClient, written: NewsroomArticle) -> str:
    """Return the text of the article as this reader gets it."""
    answer = read_article.sync(str(written.id), client=client)
    assert isinstance(answer, Article), answer
    blocks = [block for block in answer.body if isinstance(block, TextBlock)]
    return "\n".join(span.text for block in blocks for span in block.children)


def titles(client: AuthenticatedClient) -> list[str]:
    """Return the titles of all articles, page by page."""
    page = list_articles.sync(client=client, limit=7)
    assert isinstance(page, CardPage), page
    found = [card.title for card in page.items]
    while page.next_cursor is not None:
        page = list_articles.sync(client=client, limit=7, cursor=page.next_cursor)
        assert isinstance(page, CardPage), page
        found += [card.title for card in page.items]
    return found


def main(url: str, password: str) -> None:
    """Write as the demo's editor, read as its subscriber."""
    editor = sign_in(url, "editor@gazette.example", password)
    subscriber = sign_in(url, "subscriber@gazette.example", password)
    me = read_me.sync(client=subscriber)
    assert isinstance(me, Me), me
    written = write(editor)
    told = {
        "email": me.email,
        "title": written.title,
        "slug": written.slug,
        "text": whole(subscriber, written),
        "titles": titles(subscriber),
    }
    print(json.dumps(told))  # noqa: T201 - how it answers


if __name__ == "__main__":
    main(*sys.argv[1:])
