"""Import and export: everything that a newsroom has, one record a line."""
