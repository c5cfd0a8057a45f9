"""The readings: small folds over a recording, one file each. None of them knows an operation by name."""
