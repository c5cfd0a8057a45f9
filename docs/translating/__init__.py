"""The tool of whoever translates: `python -m docs.translating` says how it is used."""
