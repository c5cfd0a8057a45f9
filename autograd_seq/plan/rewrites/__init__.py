"""Rewrites of a plan, a file each: general rules on values, which know no cell."""
