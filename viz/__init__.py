"""Pictures of recordings: drawings by Graphviz, pages that step through time, plots."""
