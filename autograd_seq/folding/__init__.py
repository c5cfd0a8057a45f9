"""Which records are the same thing at another time step: all readings that want one step in place of T ask here.

Three questions, each built on the one before: at which step is a record (`steps.scopes`), which records do the same
at different steps (`alike.alike`), and which loops compute a recording (`fold.fold`).
"""
