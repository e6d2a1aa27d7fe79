"""What is kept: the only package that knows SQL. Rows never leave it; its methods take and return frozen values."""
