"""Which records are the same thing at another time step: all readings that want one step in place of T ask here."""
