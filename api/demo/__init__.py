"""The example newsroom."""
