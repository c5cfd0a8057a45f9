"""A plan as a program: NumPy, and loops that Numba compiles."""
