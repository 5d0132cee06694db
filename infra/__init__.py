"""How it is kept and sent: databases, files, tokens, settings."""
