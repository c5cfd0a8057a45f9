"""The reader's language: English is written where something is said, and other languages are in catalogues here.

`choosing` says which language it is, `reader` is the door that everything goes through on its way to a person,
`phrases` takes a text apart, `templates` recognises a message in it. ``zh/*.po`` are the catalogues, and
`docs/translating` is the tool that makes them. Nothing is loaded while the language is English.
"""
