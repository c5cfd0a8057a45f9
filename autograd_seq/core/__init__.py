"""What one must believe to believe a gradient, and what a user holds on top of it; arrows only point down."""
