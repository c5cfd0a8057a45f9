"""Grading: submissions run in cages of their own, judged from outside by the numbers that they hand back."""
