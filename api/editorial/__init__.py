"""What the newsroom writes."""
