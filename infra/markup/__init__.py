"""HTML and Markdown that writers hand in, made into blocks, and blocks made into the same HTML and Markdown.

What goes out comes back as it was: `said` in `domain.keys` tells what "as it was" means. Besides plain HTML:

- `<img src="media:ID" alt="…" title="caption" data-credit="…">` is a picture of the library; its caption may be
  a `<figcaption>`, and `role="presentation"` says that it has no alternative text, whatever the library says;
- a paragraph of nothing but `<a href="article:ID">` is a "read also" link;
- `<figure data-embed="URL" data-provider="…" data-title="…">` is an embed;
- `<hr class="paywall">` is the end of the free part;
- `<span data-space="…">` is white space that is meant, where HTML would drop it; empty, an empty text;
- `<span data-link="…">` is a link that HTML would not take, such as one inside another.

Markdown is CommonMark with strikethrough and the same.
"""

from infra.markup.as_html import html_of, html_with
from infra.markup.as_markdown import escaped, markdown_of, markdown_with
from infra.markup.reading import body_from_html, body_from_markdown

__all__ = [
    "body_from_html",
    "body_from_markdown",
    "escaped",
    "html_of",
    "html_with",
    "markdown_of",
    "markdown_with",
]
