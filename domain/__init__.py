"""What a newsroom knows: frozen dataclasses and pure functions, standard library only."""
