"""Results in the forms that other programs read; texts of strangers are escaped for each of them."""
