"""Files: written whole or not at all, and arrays with their description in one archive."""
