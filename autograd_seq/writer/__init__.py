"""The writer: records and trees as text, in LaTeX and as source; names, precedence, and where to stop."""
