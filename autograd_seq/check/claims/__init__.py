"""Claims in words: formulas, proven or refuted."""
