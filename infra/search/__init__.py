"""Full-text search: the words of texts, two documents an article, and what finds and ranks them."""
