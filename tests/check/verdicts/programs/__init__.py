"""Random recurrent programs in plain NumPy with backward passes by hand, in the styles in which people write them.

``cells`` composes the equations of one step and of the loss, with the adjoint that each equation gives to what it
uses; ``writing`` writes forward and backward pass as a program; ``spoiling`` makes one mistake in a backward pass;
``trial`` runs them, beside the complex step. Nothing here uses this package's derivatives.
"""
