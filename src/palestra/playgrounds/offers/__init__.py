"""What each playground offers: its words, settings and presets. Nothing here imports torch."""
