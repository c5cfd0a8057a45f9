"""Losses, optimisers, clipping, training and text: what turns gradients into a trained model."""
