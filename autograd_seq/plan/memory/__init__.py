"""Where the values of a plan live, and which memory is used again."""
