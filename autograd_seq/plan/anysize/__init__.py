"""Plans for any sizes: a few small recordings, what they have in common, and lengths that keep their names."""
